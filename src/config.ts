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

const Environment = v.object({
  ADMIN_KEY: v.pipe(v.string('is missing'), v.minLength(24, 'must have at least 24 characters')),
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
  POLL_INTERVAL_SECONDS: wholeNumber('300', 1, 86_400, 'seconds'),
  CRON_PERIOD_SECONDS: wholeNumber('60', 1, 86_400, 'seconds'),
  // The platform leaves a slow send 30 s after its queue batch has ended: what it cuts off would never count as tried.
  DELIVERY_TIMEOUT_SECONDS: wholeNumber('15', 1, 25, 'seconds'),
  DELIVERY_CONCURRENCY: wholeNumber('5', 1, 1_000, 'requests'),
  ALLOW_LOCAL_TARGETS: v.pipe(
    v.optional(v.string(), 'false'),
    v.picklist(['true', 'false'], 'must be "true" or "false"'),
    v.transform((text) => text === 'true'),
  ),
})

/** The configuration. Times are milliseconds. */
export type Config = {
  /** The administrator's bearer key. */
  adminKey: string
  /** AES-256 keys, the newest first: it encrypts, all decrypt. */
  encryptionKeys: readonly { id: string; bytes: Uint8Array }[]
  /** How often an instance is asked for news. */
  pollIntervalMs: number
  /** How often the cron ticks. */
  cronPeriodMs: number
  /** How long a subscriber may take to answer a webhook. */
  deliveryTimeoutMs: number
  /** How many webhooks of one invocation may wait for an answer at once. */
  deliveryConcurrency: number
  /** Whether instances and endpoints may be on this machine or a private network, without https. */
  allowLocalTargets: boolean
}

/**
 * Reads the configuration from a Worker's environment.
 * @throws Error naming every variable that is wrong, and never its value.
 */
export function parseConfig(environment: object): Config {
  const parsed = v.safeParse(Environment, environment)
  if (!parsed.success) {
    const problems = parsed.issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`)
    throw new Error(`The configuration is wrong: ${problems.join('; ')}. See docs/configuration.md.`)
  }
  const output = parsed.output
  return {
    adminKey: output.ADMIN_KEY,
    encryptionKeys: output.ENCRYPTION_KEYS,
    pollIntervalMs: output.POLL_INTERVAL_SECONDS * 1000,
    cronPeriodMs: output.CRON_PERIOD_SECONDS * 1000,
    deliveryTimeoutMs: output.DELIVERY_TIMEOUT_SECONDS * 1000,
    deliveryConcurrency: output.DELIVERY_CONCURRENCY,
    allowLocalTargets: output.ALLOW_LOCAL_TARGETS,
  }
}
