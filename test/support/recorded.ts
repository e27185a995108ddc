/** @module The recorded instance, asked through our own client: each request is answered as one recording was. */
import { type Get, getJson } from '../../src/peertube/client.ts'

export const ORIGIN = 'https://peertube.example'

export type Recorded = { response: { status: number; body: unknown } }

/** A `Get` that is always answered with this recording. */
export function recorded({ response: { status, body } }: Recorded): Get {
  const deps = {
    fetch: async () => Response.json(body, { status }),
    clock: () => Date.UTC(2026, 10, 23, 21, 20),
    userAgent: 'Tubewire',
  }
  return async (url, options) => {
    const answer = await getJson(deps, url, options)
    if (answer.kind === 'rate-limited') throw new Error('a recorded 429')
    return answer
  }
}
