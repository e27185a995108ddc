/** @module One request to a PeerTube instance, with everything that a real one may do instead of answering. */
import * as v from 'valibot'
import { deadline } from '../http/deadline.ts'
import { maxAge } from '../http/max-age.ts'
import { readBytes } from '../http/read-bytes.ts'
import { retryAfter } from '../http/retry-after.ts'
import type { Diagnosis } from '../http/tcp.ts'
import { Problem } from './schemas.ts'
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
export type Failure =
  | {
      kind: 'failed'
      reason: Exclude<FailureReason, 'redirect'>
      detail: string
      observation: Observation | null
    }
  | Redirect

/** `location`: absolute, of the web, and untrusted like all that an instance says; null when it names no such address. */
type Redirect = {
  kind: 'failed'
  reason: 'redirect'
  location: string | null
  /** Whether the old address is to be forgotten (301 and 308: RFC 9110, 15.4). */
  isPermanent: boolean
  detail: string
  observation: Observation | null
}

type FailureReason =
  /** workerd doesn't say why there is no connection: as a rule these are known only after `diagnosed`, see failure.ts. */
  | 'dns'
  | 'refused'
  | 'tls'
  | 'timeout'
  /** The connection was lost, or anything else. */
  | 'unreachable'
  | 'redirect'
  /** 4xx, and 5xx. */
  | 'http'
  | 'server'
  /** A web page where JSON was expected. */
  | 'html'
  | 'not-json'
  | 'too-large'
  | 'schema'

export type Answer =
  /** `maxAgeSeconds`: for how long the instance will say the same (RFC 9111, 5.2.2.1), or null. */
  | {
      kind: 'ok'
      body: unknown
      etag: string | null
      maxAgeSeconds: number | null
      observation: Observation
    }
  | { kind: 'not-modified'; maxAgeSeconds: number | null; observation: Observation }
  | { kind: 'rate-limited'; retryAt: number; observation: Observation }
  | Failure

/** PeerTube counts requests by what they ask for, each group with a limit of its own. */
export const BUCKETS = ['api', 'login', 'feeds', 'activityPub'] as const
export type Bucket = (typeof BUCKETS)[number]

/** What a request says besides its URL. `token`: an access token. `bucket`: `api` unless it says otherwise. */
export type GetOptions = {
  etag?: string | null
  bucket?: Bucket
  token?: string
  /** The media type that is asked for; JSON by default. */
  accept?: string
}

/** An answer to a reader who need not know of limits: whoever makes the requests waits, or gives up, for him. */
export type Read = Exclude<Answer, { kind: 'rate-limited' }>

/** One GET through the instance's rate limiter. What reads an instance is given this, and knows of nothing else. */
export type Get = (url: string, options?: GetOptions) => Promise<Read>

/** What a form was answered with. */
export type FormAnswer =
  | Exclude<Answer, { kind: 'not-modified' }>
  /** 400, 401 or 403 with a code of PeerTube's. `said` may quote what it was sent: it is not to be shown or logged. */
  | { kind: 'problem'; code: string; said: string; observation: Observation }

/** `userAgent` says who asks: see user-agent.ts. */
export type ClientDeps = { fetch: typeof fetch; clock: () => number; userAgent: string }

/** To the headers of an answer. */
const FIRST_BYTE_MS = 15_000
/** To its end. */
const TIMEOUT_MS = 30_000
/** After decompression. An invocation that reads five instances side by side has 128 MB for them. */
const MAX_BODY_BYTES = 5 * 1024 * 1024
const MAX_ETAG_LENGTH = 200
/** PeerTube's own periods: what a 429 without Retry-After is taken to mean. */
const DEFAULT_RETRY_MS = { reading: 10_000, login: 300_000 }

/**
 * GETs JSON from an instance. Never throws for what an instance does: that is an `Answer`.
 *
 * @param url absolute.
 * @param options `etag` is sent as `If-None-Match` (RFC 9110, 13.1.2), never with `Cache-Control: no-cache`: PeerTube would not
 * answer 304. `bucket` is for whoever asks leave. `timeoutMs` is for the whole answer, its body included.
 */
export async function getJson(
  deps: ClientDeps,
  url: string,
  options: GetOptions & { timeoutMs?: number } = {},
): Promise<Answer> {
  const { etag, token, accept, timeoutMs = TIMEOUT_MS } = options
  const headers = {
    ...(accept === undefined ? {} : { accept }),
    ...(etag ? { 'if-none-match': etag } : {}),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  return request<Answer>(deps, url, { headers, timeoutMs }, async (response, observation) =>
    // Only to an ETag is a 304 an answer.
    response.status === 304 && etag
      ? { kind: 'not-modified', maxAgeSeconds: maxAge(response.headers.get('cache-control')), observation }
      : readAnswer(response, observation, url),
  )
}

/**
 * POSTs a form to one of an instance's routes for sessions, which count by themselves and for longer than others.
 * Never throws for what an instance does. @param headers beyond those that every request has.
 */
export async function postForm(
  deps: ClientDeps,
  url: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<FormAnswer> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
    timeoutMs: TIMEOUT_MS,
    retryMs: DEFAULT_RETRY_MS.login,
  }
  return request<FormAnswer>(
    deps,
    url,
    init,
    async (response, observation) =>
      (await readProblem(response, observation)) ?? readAnswer(response, observation, url),
  )
}

/**
 * One request and its answer, as `read` makes it out of the response: every request to an instance is made here. Follows no
 * redirect. Never throws for what an instance does.
 *
 * @param options `timeoutMs` is for the whole answer, until `read` has settled, and its headers may take 15 s of it; `retryMs`:
 * how long to stay away after a 429 that doesn't say.
 * @returns what `read` returns, or why there was no answer or only a part of one.
 */
export async function request<TResult>(
  deps: ClientDeps,
  url: string,
  options: {
    method?: string
    headers: Readonly<Record<string, string>>
    body?: string
    timeoutMs: number
    retryMs?: number
  },
  read: (response: Response, observation: Observation) => Promise<TResult>,
): Promise<TResult | Failure> {
  const { timeoutMs, retryMs = DEFAULT_RETRY_MS.reading, ...init } = options
  // workerd asks for no compression by itself, and takes back what it finds.
  const common = { accept: 'application/json', 'accept-encoding': 'gzip', 'user-agent': deps.userAgent }
  const headers = { ...common, ...init.headers }
  const firstByteMs = Math.min(FIRST_BYTE_MS, timeoutMs)
  const firstByte = deadline(firstByteMs)
  const whole = deadline(timeoutMs)
  const signal = AbortSignal.any([firstByte.signal, whole.signal])

  let response: Response
  try {
    response = await deps.fetch(url, { ...init, headers, redirect: 'manual', signal })
  } catch (error) {
    whole.lift()
    return connectionFailure(error, firstByteMs)
  } finally {
    firstByte.lift()
  }
  const observation = observe(response, deps.clock(), retryMs)
  try {
    return await read(response, observation)
  } catch (error) {
    return { ...connectionFailure(error, timeoutMs), observation }
  } finally {
    whole.lift()
    // An unread body would keep the connection, of which an invocation has six. Cancelling a read one does nothing.
    if (!response.bodyUsed) await response.body?.cancel().catch(() => undefined)
  }
}

/** Why there is no answer to use. @param detail of which the beginning is kept: it may quote what the instance sent. */
export function failed<TReason extends string>(
  reason: TReason,
  detail: string,
  observation: Observation | null,
) {
  return { kind: 'failed' as const, reason, detail: shorten(detail), observation }
}

async function readAnswer(
  response: Response,
  observation: Observation,
  url: string,
): Promise<Exclude<Answer, { kind: 'not-modified' }>> {
  const { status } = response
  if (status === 429) {
    return { kind: 'rate-limited', retryAt: observation.retryAt ?? 0, observation }
  }
  const failure = statusFailure(response, observation, url)
  if (failure) return failure

  const body = await readText(response, MAX_BODY_BYTES)
  if (body === null) return failed('too-large', `answered more than ${MAX_BODY_BYTES} bytes`, observation)
  try {
    const etag = response.headers.get('etag')
    // A longer one is not worth keeping: without it the next poll is answered 200.
    const isKept = etag !== null && etag.length <= MAX_ETAG_LENGTH
    return {
      kind: 'ok',
      body: JSON.parse(body),
      etag: isKept ? etag : null,
      maxAgeSeconds: maxAge(response.headers.get('cache-control')),
      observation,
    }
  } catch {
    const type = response.headers.get('content-type') ?? 'no content type'
    return /^\s*(text\/html|application\/xhtml)/i.test(type) || /^\s*</.test(body)
      ? failed('html', `answered ${status} with a web page (${type})`, observation)
      : failed('not-json', `answered ${status} without JSON (${type})`, observation)
  }
}

/** Why an answer is none, by its status; null when it is one. @param url that was asked. */
export function statusFailure(response: Response, observation: Observation, url: string): Failure | null {
  const { status } = response
  if (status >= 300 && status < 400 && status !== 304) {
    const named = response.headers.get('location')
    const target = named === null ? null : URL.parse(named, url)
    const location = target && /^https?:$/.test(target.protocol) ? target.href : null
    const isPermanent = status === 301 || status === 308
    const detail = `redirects to ${location ?? 'nowhere'}`
    return { ...failed('redirect', detail, observation), location, isPermanent }
  }
  if (response.ok) return null
  const ofCloudflare = CLOUDFLARE[status]
  if (ofCloudflare) return failed(ofCloudflare[0], `${ofCloudflare[1]} (${status})`, observation)
  return failed(status >= 500 ? 'server' : 'http', `answered ${status}`, observation)
}

/** What Cloudflare answers for an origin that it can't reach. */
const CLOUDFLARE: Record<number, [Diagnosis | 'timeout', string]> = {
  521: ['refused', 'refuses connections'],
  522: ['timeout', 'took no connection in time'],
  523: ['unreachable', 'could not be reached'],
  524: ['timeout', 'gave no answer in time'],
  525: ['tls', 'no TLS connection: the handshake failed'],
  526: ['tls', 'no TLS connection: its certificate is not valid'],
}

/** The refusal with a code of PeerTube's that a response is, or null when it is anything else. */
async function readProblem(
  response: Response,
  observation: Observation,
): Promise<Extract<FormAnswer, { kind: 'problem' }> | null> {
  if (![400, 401, 403].includes(response.status)) return null
  const body = await readText(response, MAX_BODY_BYTES)
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Problem), body)
  if (!parsed.success) return null
  const { type, code, detail } = parsed.output
  // `code` is deprecated: it is the end of `type`, which is `about:blank` when there is none.
  const found = code ?? /\/([a-z_]+)$/.exec(type)?.[1]
  return found ? { kind: 'problem', code: found, said: detail, observation } : null
}

/** The body as text, or null when it is longer than `maxBytes`: then the rest is not read. */
async function readText(response: Response, maxBytes: number): Promise<string | null> {
  const bytes = await readBytes(response.body, maxBytes)
  return bytes && new TextDecoder().decode(bytes)
}

function connectionFailure(error: unknown, timeoutMs: number): Failure {
  const isTimeout = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
  return isTimeout
    ? failed('timeout', `gave no answer within ${timeoutMs / 1000} s`, null)
    : failed('unreachable', `could not be reached (${describe(error)})`, null)
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  // workerd hides the reason (name not found, TLS) in its own log and gives a reference that means nothing to a reader.
  return message.startsWith('internal error') ? 'name not found, or TLS failed' : message
}

/** Reads PeerTube's `X-RateLimit-*` and `Retry-After`. @param retryMs what a 429 means without the latter. */
function observe(response: Response, now: number, retryMs: number): Observation {
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
        ? (retryAfter(response.headers.get('retry-after'), now) ??
          now + (status === 429 ? retryMs : DEFAULT_RETRY_MS.reading))
        : null,
  }
}
