/** @module One GET to a PeerTube instance, with everything that a real one may do instead of answering. */
import { deadline } from '../http/deadline.ts'
import { retryAfter } from '../http/retry-after.ts'
import { VERSION } from '../version.ts'
import { shorten } from './shorten.ts'

/** What the instance said of its limit, and of our place in it. Times are milliseconds since the epoch. */
export type Observation = {
  status: number
  limit: number | null
  remaining: number | null
  resetAt: number | null
  /** On a 429 or 503: do not come back before. */
  retryAt: number | null
}

/** Why there is no answer to use. `kind` is for programs and statistics, `detail` for people. */
export type Failure = {
  kind: 'failed'
  reason: 'unreachable' | 'timeout' | 'tls' | 'redirect' | 'http' | 'not-json' | 'too-large' | 'schema'
  detail: string
  observation: Observation | null
}

export type Answer =
  | { kind: 'ok'; body: unknown; etag: string | null; observation: Observation }
  | { kind: 'not-modified'; observation: Observation }
  | { kind: 'rate-limited'; retryAt: number; observation: Observation }
  | Failure

export type ClientDeps = { fetch: typeof fetch; clock: () => number }

/** Within the 30 s that the platform leaves a slow poll after its queue batch has ended. */
const TIMEOUT_MS = 25_000
/** Ten times a page of long descriptions. An invocation that reads five instances side by side has 128 MB for them. */
const MAX_BODY_BYTES = 2 * 1024 * 1024
const MAX_ETAG_LENGTH = 200
/** PeerTube's own period: what a 429 without Retry-After is taken to mean. */
const DEFAULT_RETRY_MS = 10_000

/**
 * GETs JSON from an instance. Never throws for what an instance does: that is an `Answer`.
 *
 * @param url absolute.
 * @param etag sent as `If-None-Match` (RFC 9110, 13.1.2). Never with `Cache-Control: no-cache`: PeerTube would not answer 304.
 * `timeoutMs` is for the whole answer, its body included.
 */
export function getJson(
  deps: ClientDeps,
  url: string,
  options: { etag?: string | null; timeoutMs?: number } = {},
): Promise<Answer> {
  const { etag, timeoutMs = TIMEOUT_MS } = options
  const headers = { accept: 'application/json', ...(etag ? { 'if-none-match': etag } : {}) }
  return request(deps, url, { headers, timeoutMs }, (response, observation) =>
    readAnswer(response, observation, url, etag != null),
  )
}

/**
 * One GET, whose answer `read` makes something of: every request to an instance is made here. Follows no redirect. Never
 * throws for what an instance does.
 *
 * @param options `timeoutMs` is for the whole answer, until `read` has settled.
 * @returns what `read` returns, or why there was no answer or only a part of one.
 */
export async function request<TResult>(
  deps: ClientDeps,
  url: string,
  options: { headers: Readonly<Record<string, string>>; timeoutMs: number },
  read: (response: Response, observation: Observation) => Promise<TResult>,
): Promise<TResult | Failure> {
  const { timeoutMs } = options
  const headers = { ...options.headers, 'user-agent': `Tubewire/${VERSION} (webhooks for PeerTube)` }
  const { signal, lift } = deadline(timeoutMs)

  let response: Response
  try {
    response = await deps.fetch(url, { headers, redirect: 'manual', signal })
  } catch (error) {
    lift()
    return connectionFailure(error, timeoutMs)
  }
  const observation = observe(response, deps.clock())
  try {
    return await read(response, observation)
  } catch (error) {
    return { ...connectionFailure(error, timeoutMs), observation }
  } finally {
    lift()
    // An unread body would keep the connection, of which an invocation has six. Cancelling a read one does nothing.
    if (!response.bodyUsed) await response.body?.cancel().catch(() => undefined)
  }
}

/** @param isConditional whether an ETag was sent: only then is a 304 an answer. */
async function readAnswer(
  response: Response,
  observation: Observation,
  url: string,
  isConditional: boolean,
): Promise<Answer> {
  const { status } = response
  if (status === 304 && isConditional) return { kind: 'not-modified', observation }
  if (status === 429) {
    return { kind: 'rate-limited', retryAt: observation.retryAt ?? 0, observation }
  }
  const failure = statusFailure(response, observation, url)
  if (failure) return failure

  const body = await readText(response, MAX_BODY_BYTES)
  if (body === null) {
    return {
      kind: 'failed',
      reason: 'too-large',
      detail: `answered more than ${MAX_BODY_BYTES} bytes`,
      observation,
    }
  }
  try {
    const etag = response.headers.get('etag')
    // A longer one is not worth keeping: without it the next poll is answered 200.
    const isKept = etag !== null && etag.length <= MAX_ETAG_LENGTH
    return { kind: 'ok', body: JSON.parse(body), etag: isKept ? etag : null, observation }
  } catch {
    const type = response.headers.get('content-type') ?? 'no content type'
    return {
      kind: 'failed',
      reason: 'not-json',
      detail: shorten(`answered 200 without JSON (${type})`),
      observation,
    }
  }
}

/** Why an answer is none, by its status; null when it is one. @param url that was asked. */
export function statusFailure(response: Response, observation: Observation, url: string): Failure | null {
  const { status } = response
  const failed = (reason: Failure['reason'], detail: string): Failure => ({
    kind: 'failed',
    reason,
    detail,
    observation,
  })
  if (status >= 300 && status < 400 && status !== 304) {
    const location = URL.parse(response.headers.get('location') ?? '', url)?.href ?? 'nowhere'
    return failed('redirect', shorten(`redirects to ${location}`))
  }
  // Cloudflare answers for an origin whose certificate it can't accept.
  if (status === 525 || status === 526)
    return failed('tls', 'no TLS connection: its certificate is not valid')
  return response.ok ? null : failed('http', `answered ${status}`)
}

/** The body as text, or null when it is longer than `maxBytes`: then the rest is not read. */
async function readText(response: Response, maxBytes: number): Promise<string | null> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.byteLength
    if (size > maxBytes) return null
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function connectionFailure(error: unknown, timeoutMs: number): Failure {
  const isTimeout = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
  return isTimeout
    ? {
        kind: 'failed',
        reason: 'timeout',
        detail: `gave no answer within ${timeoutMs / 1000} s`,
        observation: null,
      }
    : {
        kind: 'failed',
        reason: 'unreachable',
        detail: `could not be reached (${describe(error)})`,
        observation: null,
      }
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  // workerd hides the reason (name not found, TLS) in its own log and gives a reference that means nothing to a reader.
  return message.startsWith('internal error') ? 'name not found, or TLS failed' : message
}

/** Reads PeerTube's `X-RateLimit-*` and `Retry-After`. */
function observe(response: Response, now: number): Observation {
  const number = (name: string) => {
    const text = response.headers.get(name)
    return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : null
  }
  const reset = number('x-ratelimit-reset')
  // By the instance's clock, which may be another time than ours: `Date` (RFC 9110, 6.6.1) says what it shows now.
  const date = Date.parse(response.headers.get('date') ?? '')
  const skew = Number.isNaN(date) ? 0 : now - date
  const { status } = response
  return {
    status,
    limit: number('x-ratelimit-limit'),
    remaining: number('x-ratelimit-remaining'),
    resetAt: reset === null ? null : reset * 1000 + skew,
    retryAt:
      status === 429 || status === 503
        ? (retryAfter(response.headers.get('retry-after'), now) ?? now + DEFAULT_RETRY_MS)
        : null,
  }
}
