/** @module Why an attempt failed, as one of the reasons that the texts explain. Pure. */

/** By what the API says of an attempt that was not answered: see `error` of a delivery. The first that fits. */
const BY_WORDS = [
  ['days and not delivered', 'expired'],
  ['no answer within', 'timeout'],
  ['connection refused or lost', 'refused'],
  ['name not found, or TLS failed', 'nameOrTls'],
  ['name not found', 'name'],
  ['TLS failed', 'tls'],
  ['signing secret', 'secret'],
  ["can't be checked now", 'unchecked'],
  ['the URL ', 'target'],
  ["can't be written in this format", 'format'],
  ['not in the log any more', 'eventGone'],
  ['sending too much at once', 'busy'],
] as const satisfies [string, string][]

/** What is answered in the place of a server that Cloudflare can't reach, among others. */
const BY_STATUS = {
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'missing',
  405: 'missing',
  408: 'timeout',
  410: 'gone',
  413: 'tooLarge',
  429: 'tooMany',
  502: 'gateway',
  503: 'gateway',
  504: 'gateway',
  521: 'refused',
  522: 'timeout',
  523: 'refused',
  524: 'timeout',
  525: 'tls',
  526: 'tls',
  530: 'name',
} as const

const BY_HUNDRED = { 3: 'redirect', 4: 'refusing', 5: 'failing' } as const

export type Reason =
  | (typeof BY_WORDS)[number][1]
  | (typeof BY_STATUS)[keyof typeof BY_STATUS]
  | (typeof BY_HUNDRED)[keyof typeof BY_HUNDRED]
  | 'unknown'

/**
 * Why it failed; null: it did not.
 * @param status of HTTP; null: there was no answer. @param error what the API says of it.
 */
export function reasonOf({ status, error }: { status: number | null; error: string | null }): Reason | null {
  if (error === null) return null
  const [[, byWords] = []] = BY_WORDS.filter(([words]) => error.includes(words))
  if (status === null || byWords === 'expired') return byWords ?? 'unknown'
  const statuses: Readonly<Record<number, Reason>> = BY_STATUS
  const hundreds: Readonly<Record<number, Reason>> = BY_HUNDRED
  return statuses[status] ?? hundreds[Math.floor(status / 100)] ?? 'unknown'
}
