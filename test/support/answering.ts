/** @module An instance that says one thing: what reads it is given a function, and needs no more. */
import type { Failure, Get, GetOptions, Observation } from '../../src/peertube/client.ts'

export const ORIGIN = 'https://peertube.example'

/** What was asked for. */
type Asked = { url: URL; options: GetOptions | undefined }

export const OBSERVATION: Observation = {
  status: 200,
  limit: 50,
  remaining: 49,
  resetAt: null,
  retryAt: null,
}

/** A `Get` that is answered with this body, and the list of what it was asked for. */
export function answering(
  body: unknown,
  { etag = 'W/"1"', maxAgeSeconds = null }: { etag?: string | null; maxAgeSeconds?: number | null } = {},
): { get: Get; asked: Asked[] } {
  const asked: Asked[] = []
  const get: Get = async (url, options) => {
    asked.push({ url: new URL(url), options })
    return { kind: 'ok', body, etag, maxAgeSeconds, observation: OBSERVATION }
  }
  return { get, asked }
}

/** A failure as the client tells one: by default an answer with this status. */
export function failure(status: number, reason: Exclude<Failure['reason'], 'redirect'> = 'http'): Failure {
  return { kind: 'failed', reason, detail: `answered ${status}`, observation: { ...OBSERVATION, status } }
}
