/** @module A fetch that obeys `429` with `Retry-After`: our own API limits its callers as any other's does. */
import { retryAfter } from '../http/retry-after.ts'

/** So often one request is sent again. */
const MAX_WAITS = 3
/** When a server doesn't say how long. */
const DEFAULT_WAIT_MS = 1_000

/**
 * Makes the fetch. A 429 that comes a fourth time is answered as it is.
 * @param wait settles after so many milliseconds.
 */
export function patientFetch(wait: (milliseconds: number) => Promise<void>) {
  return async (request: Request): Promise<Response> => {
    for (let waits = 0; ; waits += 1) {
      // A clone, for a body can be sent once.
      const response = await fetch(request.clone())
      if (response.status !== 429 || waits === MAX_WAITS) return response
      await response.body?.cancel()
      const now = Date.now()
      const mayAt = retryAfter(response.headers.get('retry-after'), now) ?? now + DEFAULT_WAIT_MS
      await wait(mayAt - now)
    }
  }
}
