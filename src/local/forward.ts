/** @module Forwarding an event to a program on this machine, signed as the real webhook would be, until it takes it. */
import type { PublicEvent } from '../events/envelope.ts'
import { VERSION } from '../version.ts'
import { render } from '../webhooks/formats.ts'
import { makeSigner, signatureHeaders } from '../webhooks/signature.ts'
import { describe } from './ask-service.ts'
import { titled } from './print.ts'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10_000

export type ForwardDeps = {
  fetch: typeof fetch
  clock: () => number
  wait: (milliseconds: number) => Promise<void>
  say: (line: string) => void
  /** How long the program may take to answer. */
  timeoutMs: number
}

/** What forwards events to one program. @param base of the service, for what an event says of itself. */
export function forwarder({ to, secret, base }: { to: URL; secret: string; base: URL }, deps: ForwardDeps) {
  const signer = makeSigner([secret], null)
  const eventUrl = (id: string) => new URL(`/api/v1/events/${id}`, base.origin).href

  /** @returns the status, or why there is none. */
  async function post(event: PublicEvent): Promise<number | string> {
    const { headers, body } = render('standard', event, { payload: 'full', url: to.href, eventUrl })
    const signal = AbortSignal.timeout(deps.timeoutMs)
    try {
      const signature = await signatureHeaders(signer, event.id, body, deps.clock())
      const response = await deps.fetch(to, {
        method: 'POST',
        headers: { ...headers, ...signature, 'user-agent': `Tubewire/${VERSION}` },
        body,
        redirect: 'manual',
        signal,
      })
      await response.body?.cancel()
      return response.status
    } catch (error) {
      return signal.aborted ? `no answer within ${deps.timeoutMs / 1_000} s` : describe(error)
    }
  }

  /** Sends an event until it is taken, each try signed anew. What goes wrong is said once, and when it is something else. */
  return async (event: PublicEvent): Promise<void> => {
    let said: number | string | null = null
    for (let tries = 1; ; tries += 1) {
      const begun = deps.clock()
      const outcome = await post(event)
      const took = `${outcome} in ${deps.clock() - begun} ms`
      const isTaken = typeof outcome === 'number' && outcome >= 200 && outcome < 300
      if (isTaken) {
        deps.say(`> ${titled(event)}: ${took}${tries > 1 ? `, at the ${ordinal(tries)} try` : ''}`)
        return
      }
      if (outcome !== said)
        deps.say(
          `! ${titled(event)}: ${typeof outcome === 'number' ? took : outcome}; trying until it is taken`,
        )
      said = outcome
      await deps.wait(Math.min(FIRST_WAIT_MS * 2 ** Math.min(tries - 1, 10), LONGEST_WAIT_MS))
    }
  }
}

const RULES = new Intl.PluralRules('en', { type: 'ordinal' })
const ENDINGS: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd' }

function ordinal(count: number): string {
  return `${count}${ENDINGS[RULES.select(count)] ?? 'th'}`
}
