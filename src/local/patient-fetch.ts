/** @module A fetch that obeys `429` with `Retry-After`: our own API limits its callers as any other's does. */
import { retryAfter } from '../http/retry-after.ts'

/** So often one request is sent again. */
const MAX_WAITS = 3
/** Longer in all nobody sits before a command line: a server may say a day. */
const MOST_MS = 60_000
/** When a server doesn't say how long. */
const DEFAULT_WAIT_MS = 1_000

/**
 * Makes the fetch. A 429 that comes a fourth time, or asks for more than a minute in all, is answered as it is.
 * @param wait settles after so many milliseconds.
 */
export function patientFetch(wait: (milliseconds: number) => Promise<void>) {
  return async (request: Request): Promise<Response> => {
    let left = MOST_MS
    for (let waits = 0; ; waits += 1) {
      // A clone, for a body can be sent once.
      const response = await fetch(request.clone())
      if (response.status !== 429 || waits === MAX_WAITS) return response
      const now = Date.now()
      const mayAt = retryAfter(response.headers.get('retry-after'), now) ?? now + DEFAULT_WAIT_MS
      const waitMs = mayAt - now
      if (waitMs > left) return response
      left -= waitMs
      await response.body?.cancel()
      await wait(waitMs)
    }
  }
}

/** Passes the time. @param say is told for what, where somebody waits with us. */
export function waitAloud(say: (line: string) => void): (milliseconds: number) => Promise<void> {
  return (milliseconds) => {
    say(`waiting ${Math.ceil(milliseconds / 1000)} s: the API takes only so many requests at a time`)
    return pause(milliseconds)
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
