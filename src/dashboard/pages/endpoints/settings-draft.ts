/** @module How an endpoint is sent to, as it is typed: read from an endpoint, and written as a body or a change. */
import { fractionOf, numberOf } from '../../number-of.ts'
import { type Format, guessFormat } from './format-advice.ts'
import type { Endpoint } from './reads.ts'

/** Headers are not in it: they may be secrets, and what is in it is kept, but for `SECRETS`. */
export type SettingsDraft = {
  url: string
  description: string
  /** Empty: nothing was chosen, and the URL says it. */
  format: Format | ''
  payload: Endpoint['payload']
  ordering: Endpoint['ordering']
  rateLimit: string
  concurrency: string
  timeoutSeconds: string
  batchEvents: string
  batchSeconds: string
  isAsymmetric: boolean
  /** A line each: `name: text`. */
  metadata: string
}

/** Whoever knows the URL of a chat's webhook writes there; and what somebody notes on an endpoint nobody knows. */
export const SECRETS = ['url', 'metadata'] as const

export const NEW_SETTINGS: SettingsDraft = {
  url: '',
  description: '',
  format: '',
  payload: 'full',
  ordering: 'none',
  rateLimit: '',
  concurrency: '',
  timeoutSeconds: '',
  batchEvents: '',
  batchSeconds: '',
  isAsymmetric: false,
  metadata: '',
}

/** The format that was chosen, or that of the URL, or that of programs. */
export function formatOf({ format, url }: Pick<SettingsDraft, 'format' | 'url'>): Format {
  return format || (guessFormat(url) ?? 'standard')
}

/** An endpoint as it is typed. */
export function draftOf(endpoint: Endpoint): SettingsDraft {
  const text = (value: number | null | undefined) => value?.toString() ?? ''
  return {
    url: endpoint.url,
    description: endpoint.description,
    format: endpoint.format,
    payload: endpoint.payload,
    ordering: endpoint.ordering,
    rateLimit: text(endpoint.rateLimit),
    concurrency: text(endpoint.concurrency),
    timeoutSeconds: text(endpoint.timeoutSeconds),
    batchEvents: text(endpoint.batch?.events),
    batchSeconds: text(endpoint.batch?.seconds),
    isAsymmetric: endpoint.signatures.includes('v1a'),
    metadata: Object.entries(endpoint.metadata ?? {})
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  }
}

/** As the body of a new endpoint. What is left empty is as the default says. */
export function bodyOf(draft: SettingsDraft) {
  const whole = (text: string) => (text.trim() === '' ? null : numberOf(text))
  const fraction = (text: string) => (text.trim() === '' ? null : fractionOf(text))
  const events = whole(draft.batchEvents)
  const signatures: Endpoint['signatures'] = draft.isAsymmetric ? ['v1', 'v1a'] : ['v1']
  const metadata = pairsOf(draft.metadata)
  return {
    url: draft.url.trim(),
    description: draft.description,
    format: formatOf(draft),
    payload: draft.payload,
    ordering: draft.ordering,
    rateLimit: fraction(draft.rateLimit),
    concurrency: whole(draft.concurrency),
    timeoutSeconds: fraction(draft.timeoutSeconds),
    batch: events === null ? null : { events, seconds: fraction(draft.batchSeconds) ?? BATCH_SECONDS },
    signatures,
    metadata: Object.keys(metadata).length === 0 ? null : metadata,
  }
}

/** As the API has it when it isn't said. */
const BATCH_SECONDS = 5

type Body = ReturnType<typeof bodyOf>
type Changes = Partial<Omit<Body, 'metadata'>> & { metadata?: Record<string, string | null> | null }

/** What of a draft is not as the endpoint has it: a merge patch (RFC 7396). */
export function changesOf(endpoint: Endpoint, draft: SettingsDraft): Changes {
  const before = bodyOf(draftOf(endpoint))
  const after = bodyOf(draft)
  // The names are those of the body.
  const names = Object.keys(after) as (keyof Body)[]
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  const changes: Changes = Object.fromEntries(changed.map((name) => [name, after[name]]))
  if (!changes.metadata || !before.metadata) return changes
  // A name that is left out would stay.
  const gone = Object.keys(before.metadata).map((name) => [name, null])
  return { ...changes, metadata: { ...Object.fromEntries(gone), ...changes.metadata } }
}

/** Lines of `name: text`. A line without a colon is a name without a text, of which the API says what is wrong. */
export function pairsOf(lines: string): Record<string, string> {
  const pairs = lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', value = ''] = line.split(/:(.*)/s)
      return [name.trim(), value.trim()]
    })
  return Object.fromEntries(pairs)
}
