/** @module What tests do again and again as somebody who comes in. */
import { expect } from 'vitest'
import type { Stage } from './stage.ts'
import type { Visit } from './visit.ts'

export type Credentials = { username: string; password: string }

/** Fills in the sign-in page, and sends it. */
export async function signIn({ page }: Visit, { username, password }: Credentials): Promise<void> {
  await page.getByLabel('User name or mail address').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Signs in, and waits until the pages are there. */
export async function comeIn(visit: Visit, credentials: Credentials): Promise<void> {
  await signIn(visit, credentials)
  await visit.page.locator('header.head').waitFor()
}

/**
 * Whatever went wrong besides answers of a status: a browser writes each answer that refuses something into its console.
 * @param statuses those that were meant to come; each must have come.
 */
export function otherFaults(visit: Visit, ...statuses: number[]): string[] {
  const faults = visit.faults()
  const isOf = (status: number) => (fault: string) => fault.includes(`a status of ${status} `)
  for (const status of statuses) expect(faults.some(isOf(status)), `an answer of ${status}`).toBe(true)
  return faults.filter((fault) => !statuses.some((status) => isOf(status)(fault)))
}

/**
 * The link of the newest mail to an address: its path and query.
 * @param count how many there are to be by then: a newer one ends the link of the one before.
 */
export async function linkOfMailTo(stage: Stage, recipient: string, count = 1): Promise<string> {
  const links = async () => {
    const { data } = (await stage.ask('GET', '/api/v1/mails')) as {
      data: { recipient: string; text: string | null }[]
    }
    return data
      .filter((mail) => mail.recipient === recipient)
      .flatMap(({ text }) => /https?:\S+verificationString=\S+/.exec(text ?? '')?.[0] ?? [])
  }
  await expect.poll(async () => (await links()).length).toBe(count)
  const { pathname, search } = new URL((await links())[0] ?? '')
  return pathname + search
}
