/** @module One request to a service, and what its answer means for who will go on asking: an answer, trouble that may pass, or a mistake. */
import * as v from 'valibot'
import { retryAfter } from '../http/retry-after.ts'
import { Mistake } from './mistake.ts'
import type { ServiceKey } from './service-here.ts'

/** What may be over when it is tried again. `retryAt`: not before then, milliseconds since the epoch. */
export class Trouble extends Error {
  readonly retryAt: number | null
  constructor(message: string, retryAt: number | null = null) {
    super(message)
    this.retryAt = retryAt
  }
}

const Problem = v.object({ detail: v.string() })
/** Who hears nothing of a request for so long asks again. */
const ANSWER_MS = 30_000

/**
 * Sends a request.
 * @param asked `accept`: the one type that is taken; `body`: of a POST, sent as JSON.
 * @returns the answer, a 200 of that type.
 * @throws Trouble when it can't be reached, or is not well or busy. Mistake when it refuses the key or what is asked, or is no Tubewire.
 */
export async function ask(
  { url, key }: ServiceKey,
  asked: { path: string; accept: string; body?: unknown },
  deps: { fetch: typeof fetch; clock: () => number },
): Promise<Response> {
  const { path, accept, body } = asked
  const headers = { authorization: `Bearer ${key}`, accept, 'content-type': 'application/json' }
  const begun = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
  const controller = new AbortController()
  // Until the answer begins: a stream goes on for as long as it likes.
  const timer = setTimeout(() => controller.abort(), ANSWER_MS)
  let response: Response
  try {
    // A redirect would take the key elsewhere.
    response = await deps.fetch(new URL(path, url.origin), {
      ...begun,
      redirect: 'manual',
      signal: controller.signal,
    })
  } catch (error) {
    throw new Trouble(controller.signal.aborted ? `no answer within ${ANSWER_MS / 1_000} s` : describe(error))
  } finally {
    clearTimeout(timer)
  }
  const { status } = response
  const type = response.headers.get('content-type')?.split(';')[0]?.trim() ?? ''
  if (status === 200 && type === accept) return response
  const detail = await detailOf(response)
  if (status === 429 || status >= 500)
    throw new Trouble(
      `it answered ${status}${detail}`,
      retryAfter(response.headers.get('retry-after'), deps.clock()),
    )
  if (status === 401) throw new Mistake(`${url.origin} does not take this key${detail}`)
  if (status === 400 || status === 403) throw new Mistake(`${url.origin} refuses this${detail}`)
  throw new Mistake(`${url.origin} is no Tubewire that has this: it answered ${status}, ${type || 'no type'}`)
}

/** What a problem says, to be put behind something. */
async function detailOf(response: Response): Promise<string> {
  try {
    const parsed = v.safeParse(Problem, await response.json())
    return parsed.success ? `: ${parsed.output.detail.slice(0, 500)}` : ''
  } catch {
    return ''
  }
}

/** `fetch` says why in the cause only. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  // Of several addresses each has failed in its own way, and the whole says nothing.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause
  return first instanceof Error ? first.message : cause.message
}

/** What has failed while an answer was read: it was broken off, or is none. @throws Trouble. */
export function asTrouble(error: unknown): never {
  throw error instanceof Trouble ? error : new Trouble(describe(error))
}
