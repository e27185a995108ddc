/** @module The HTTP API: all operations, behind one router. Each resource has a file of its own. */
import type { Deps } from '../workers/deps.ts'
import { OPERATIONS } from './operations.ts'
import { router } from './request/router.ts'

// Once for all requests: its tables of routes cost more than a request does.
const app = router(OPERATIONS)

/**
 * The API, ready to answer requests.
 * @param waitUntil takes work that goes on after the answer.
 */
export function api(
  deps: Deps,
  waitUntil: (promise: Promise<unknown>) => void = () => undefined,
): { fetch: (request: Request) => Promise<Response> } {
  return { fetch: async (request) => app.fetch(request, { deps, waitUntil }) }
}
