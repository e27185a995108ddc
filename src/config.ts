/** @module What the environment must say, checked once: types, defaults, bounds, one clear error for each mistake. */
import * as v from 'valibot'

const wholeNumber = (fallback: string, min: number, max: number, unit: string) =>
  v.pipe(
    v.optional(v.string(), fallback),
    v.regex(/^\d{1,6}$/, `must be a whole number of ${unit}`),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  )

/** A limit of our own API, as `REQUESTS/SECONDS`. */
const limit = (fallback: string) =>
  v.pipe(
    v.optional(v.string(), fallback),
    v.regex(/^[1-9]\d{0,5}\/[1-9]\d{0,4}$/, 'must be REQUESTS/SECONDS, such as 50/10'),
    v.transform((text): Limit => {
      const [requests = 0, seconds = 0] = text.split('/').map(Number)
      return { requests, windowMs: seconds * 1000 }
    }),
  )

/** Unset and empty are the same: wrangler.toml names every variable. */
const optional = <TOutput>(schema: v.GenericSchema<string, TOutput>) =>
  v.pipe(
    v.optional(v.string(), ''),
    v.transform((text) => (text === '' ? null : text)),
    v.nullable(schema),
  )

const PublicUrl = v.pipe(
  v.string(),
  v.check((text) => {
    const url = URL.parse(text)
    const isOrigin = url !== null && `${url.origin}/` === url.href
    return isOrigin && (url.protocol === 'https:' || url.protocol === 'http:')
  }, 'must be an address without a path, such as https://tubewire.example'),
  v.transform((text) => new URL(text).origin),
)

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const SmtpUrl = v.pipe(
  v.string(),
  v.check((text) => {
    const url = URL.parse(text)
    const isSmtp = url?.protocol === 'smtp:' || url?.protocol === 'smtps:'
    return url !== null && isSmtp && url.hostname !== '' && [url.username, url.password].every(isDecodable)
  }, 'must be smtps://USER:PASSWORD@HOST:465, or smtp:// for STARTTLS, with %25 for a percent sign'),
  v.transform((text): SmtpServer => {
    const url = new URL(text)
    const isImplicit = url.protocol === 'smtps:'
    return {
      kind: 'smtp',
      host: url.hostname,
      port: Number(url.port || (isImplicit ? 465 : 587)),
      tls: isImplicit ? 'implicit' : 'starttls',
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    }
  }),
)

const Environment = v.object({
  ADMIN_KEY: v.pipe(
    v.string('is missing'),
    v.minLength(24, 'must have at least 24 characters'),
    // What a bearer header can't carry would never be let in.
    v.regex(/^[\x21-\x7e]*$/, 'must be letters, digits and signs of ASCII, without spaces and line breaks'),
  ),
  ENCRYPTION_KEYS: v.pipe(
    v.string('is missing'),
    v.check(
      (text) => text.split(',').every((key) => /^[A-Za-z0-9_-]{1,32}:[A-Za-z0-9+/]{43}=$/.test(key.trim())),
      'must be "ID:BASE64" of 32 bytes, several separated by commas, the newest first',
    ),
    v.transform((text) =>
      text.split(',').map((key) => {
        const [id = '', base64 = ''] = key.trim().split(':')
        return { id, bytes: Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)) }
      }),
    ),
    v.check(
      (keys) => new Set(keys.map(({ id }) => id)).size === keys.length,
      'must not name the same key twice',
    ),
  ),
  MAX_DELAY_SECONDS: wholeNumber('300', 1, 86_400, 'seconds'),
  MAX_DELAY_COMMENTS_SECONDS: wholeNumber('600', 1, 86_400, 'seconds'),
  CRON_PERIOD_SECONDS: wholeNumber('60', 1, 86_400, 'seconds'),
  // The platform leaves a slow send 30 s after its queue batch has ended: what it cuts off would never count as tried.
  DELIVERY_TIMEOUT_SECONDS: wholeNumber('15', 1, 30, 'seconds'),
  DELIVERY_CONCURRENCY: wholeNumber('5', 1, 1_000, 'requests'),
  ALLOW_LOCAL_TARGETS: v.pipe(
    v.optional(v.string(), 'false'),
    v.picklist(['true', 'false'], 'must be "true" or "false"'),
    v.transform((text) => text === 'true'),
  ),
  PUBLIC_URL: optional(PublicUrl),
  CONTACT_URL: optional(
    v.pipe(
      v.string(),
      v.maxLength(200, 'must have at most 200 characters'),
      // It goes into a header, and there into a comment.
      v.regex(
        /^(https?:\/\/|mailto:)[!-'*-[\]-~]+$/,
        'must be a web address, or mailto: and a mail address, without spaces, brackets and backslashes',
      ),
    ),
  ),
  CALLER_ADDRESS_HEADER: v.pipe(
    v.optional(v.string(), 'CF-Connecting-IP'),
    // A header's name (RFC 9110, 5.1), without the signs that nobody uses in one.
    v.regex(/^[A-Za-z][A-Za-z0-9-]{0,59}$/, 'must be the name of a header, or "none"'),
    v.transform((text) => (text.toLowerCase() === 'none' ? null : text)),
  ),
  SIGNUP: v.optional(
    v.picklist(['closed', 'approval', 'open'], 'must be "closed", "approval" or "open"'),
    'closed',
  ),
  RATE_LIMIT_API: limit('50/10'),
  RATE_LIMIT_TOKEN: limit('15/300'),
  RATE_LIMIT_REGISTER: limit('2/300'),
  RATE_LIMIT_VERIFY_EMAIL: limit('3/300'),
  MAIL_FROM: optional(v.pipe(v.string(), v.email('must be a mail address'))),
  SMTP_URL: optional(SmtpUrl),
  MAIL_API_URL: optional(
    v.pipe(
      v.string(),
      v.check(
        (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
        'must be the URL of a mail service',
      ),
    ),
  ),
  MAIL_API_KEY: optional(v.string()),
  DNS_URL: optional(
    v.pipe(
      v.string(),
      v.check((text) => {
        const url = URL.parse(text)
        return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
      }, 'must be the URL of a DNS resolver, such as https://cloudflare-dns.com/dns-query'),
    ),
  ),
})

/** The names of all variables. A Worker may have others besides: they are its bindings. */
export const VARIABLES: readonly string[] = Object.keys(Environment.entries)

/** So many requests in so long a window. */
export type Limit = { requests: number; windowMs: number }

/** Where mail is handed over by SMTP. `implicit`: TLS from the first byte; `starttls`: when the server offers it. */
export type SmtpServer = {
  kind: 'smtp'
  host: string
  port: number
  tls: 'implicit' | 'starttls'
  /** Empty: without logging in. */
  username: string
  password: string
}

/** How mail leaves. `keep`: it doesn't, and the administrator reads it through the API. */
export type MailTransport =
  | { kind: 'keep' }
  | (SmtpServer & { from: string })
  /** A service that takes JSON by POST, with the key as bearer token. */
  | { kind: 'http'; url: string; key: string; from: string }

/** The configuration. Times are milliseconds. */
export type Config = {
  /** The administrator's bearer key. */
  adminKey: string
  /** AES-256 keys, the newest first: it encrypts, all decrypt. */
  encryptionKeys: readonly { id: string; bytes: Uint8Array }[]
  /** How late users may learn of something, by what it is of, unless a source says otherwise. */
  maxDelayMs: { videos: number; comments: number; notifications: number }
  /** How often the cron ticks. */
  cronPeriodMs: number
  /** How long a subscriber may take to answer a webhook. */
  deliveryTimeoutMs: number
  /** How many webhooks of one invocation may wait for an answer at once. */
  deliveryConcurrency: number
  /** Whether instances and endpoints may be on this machine or a private network, without https. */
  allowLocalTargets: boolean
  /** Where administrators of instances may write to; null: see `publicUrl`. */
  contactUrl: string | null
  /** Where this Tubewire is reached, without a slash at the end; null when nobody said so. */
  publicUrl: string | null
  /** A resolver that answers DNS over HTTPS in JSON, for the names of targets; null: they are not looked up. */
  dnsUrl: string | null
  /** The header in which whoever hands requests to us says where they come from; null: nobody does. */
  callerAddressHeader: string | null
  /** Who may register: nobody, whom a moderator accepts, or everybody. */
  signup: 'closed' | 'approval' | 'open'
  /** What a caller may ask of our own API. */
  limits: { api: Limit; token: Limit; register: Limit; verifyEmail: Limit }
  mail: MailTransport
}

/**
 * Reads the configuration from a Worker's environment.
 * @throws Error naming every variable that is wrong, and never its value.
 */
export function parseConfig(environment: object): Config {
  const parsed = v.safeParse(Environment, environment)
  if (!parsed.success) throw wrong(parsed.issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`))
  const output = parsed.output
  const problems = combinationProblems(output)
  if (problems.length > 0) throw wrong(problems)
  return {
    adminKey: output.ADMIN_KEY,
    encryptionKeys: output.ENCRYPTION_KEYS,
    maxDelayMs: {
      videos: output.MAX_DELAY_SECONDS * 1000,
      comments: output.MAX_DELAY_COMMENTS_SECONDS * 1000,
      notifications: output.MAX_DELAY_SECONDS * 1000,
    },
    cronPeriodMs: output.CRON_PERIOD_SECONDS * 1000,
    deliveryTimeoutMs: output.DELIVERY_TIMEOUT_SECONDS * 1000,
    deliveryConcurrency: output.DELIVERY_CONCURRENCY,
    allowLocalTargets: output.ALLOW_LOCAL_TARGETS,
    publicUrl: output.PUBLIC_URL,
    contactUrl: output.CONTACT_URL,
    dnsUrl: output.DNS_URL,
    callerAddressHeader: output.CALLER_ADDRESS_HEADER,
    signup: output.SIGNUP,
    limits: {
      api: output.RATE_LIMIT_API,
      token: output.RATE_LIMIT_TOKEN,
      register: output.RATE_LIMIT_REGISTER,
      verifyEmail: output.RATE_LIMIT_VERIFY_EMAIL,
    },
    mail: mailTransport(output),
  }
}

type Output = v.InferOutput<typeof Environment>

/** What is right alone and wrong together. */
function combinationProblems(output: Output): string[] {
  const { PUBLIC_URL, SMTP_URL, MAIL_API_URL, MAIL_API_KEY, MAIL_FROM, DNS_URL, ALLOW_LOCAL_TARGETS } = output
  const sends = SMTP_URL !== null || MAIL_API_URL !== null
  return [
    ...(SMTP_URL && MAIL_API_URL ? ['SMTP_URL and MAIL_API_URL are two ways for one mail: set one'] : []),
    ...(MAIL_API_URL && !MAIL_API_KEY ? ['MAIL_API_KEY is missing: MAIL_API_URL is set'] : []),
    ...(sends && !MAIL_FROM ? ['MAIL_FROM is missing: mail is to be sent'] : []),
    // Never of the request's own host, which whoever sends the request may choose: a reset link would lead to him.
    ...(sends && !PUBLIC_URL ? ['PUBLIC_URL is missing: mails have links to it'] : []),
    ...(PUBLIC_URL?.startsWith('http:') && !ALLOW_LOCAL_TARGETS
      ? ['PUBLIC_URL must begin with https://']
      : []),
    ...(MAIL_API_URL?.startsWith('http:') && !ALLOW_LOCAL_TARGETS
      ? ['MAIL_API_URL must begin with https://: it is sent a key']
      : []),
    ...(DNS_URL?.startsWith('http:') && !ALLOW_LOCAL_TARGETS
      ? ['DNS_URL must begin with https://: what it answers is believed']
      : []),
  ]
}

function mailTransport({ SMTP_URL, MAIL_API_URL, MAIL_API_KEY, MAIL_FROM }: Output): MailTransport {
  const from = MAIL_FROM ?? ''
  if (SMTP_URL) return { ...SMTP_URL, from }
  return MAIL_API_URL ? { kind: 'http', url: MAIL_API_URL, key: MAIL_API_KEY ?? '', from } : { kind: 'keep' }
}

function wrong(problems: readonly string[]): Error {
  return new Error(`The configuration is wrong: ${problems.join('; ')}. See docs/configuration.md.`)
}
