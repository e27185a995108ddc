/** @module Somebody of a role, with a browser of his own, signed in. */
import type { Stage } from './stage.ts'
import type { Visit, VisitOptions } from './visit.ts'

let made = 0

/** @param role 0: administrator, 1: moderator, 2: user. @returns his browser, where `path` leads. */
export async function signInAs(
  stage: Stage,
  role: 0 | 1 | 2,
  { path = '', ...options }: VisitOptions = {},
): Promise<Visit & { username: string }> {
  made += 1
  const account = await stage.addUser(`somebody_${made}`, role)
  const visit = await stage.visit(options)
  const status = await visit.page.evaluate(
    `fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: ${JSON.stringify(JSON.stringify(account))},
    }).then(({ status }) => status)`,
  )
  if (status !== 200 && status !== 201) throw new Error(`signing in as ${account.username}: ${status}`)
  await visit.page.goto(`${stage.origin}/${path}`)
  await visit.page.reload()
  await visit.page.getByRole('banner').waitFor()
  return { ...visit, username: account.username }
}
