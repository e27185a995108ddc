/** @module What a request says of an endpoint: how it is sent to. */
import * as v from 'valibot'
import type { Endpoint, EndpointSettings } from '../db/endpoints.ts'
import { decryptSecret, encryptSecret, type KeyRing } from '../secrets.ts'
import { canBatch, FORMATS, type Format, formatProblem } from '../webhooks/formats.ts'
import { secretProblem } from '../webhooks/signature.ts'
import { text } from './fields.ts'
import { type InvalidParam, invalidParams } from './problem.ts'
import { invalid } from './request/validate.ts'
import { targetUrl } from './urls.ts'

const MOST_HEADERS = 20
const MOST_METADATA = 50
/** A field name is a token (RFC 9110, 5.6.2). */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/
/** A field value: visible ASCII with spaces in between (RFC 9110, 5.5, without the obsolete). */
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e]{0,2000}[\x21-\x7e])?$/
/** What we say ourselves, what the connection is about, and what would make a request look like another's. */
const RESERVED =
  /^(accept-encoding|connection|cookie2?|date|expect|forwarded|host|http2-settings|idempotency-key|keep-alive|origin|te|trailer|transfer-encoding|upgrade|user-agent|via)$|^(content|proxy|webhook|svix|ce|sec|cf|x-forwarded|x-real|x-amz|x-goog)-/

/** Names with texts. valibot's record takes a list too, and makes names of its places: here it is nothing that is taken. */
function namesWith<TText extends string | null>(
  item: v.GenericSchema<TText>,
): v.GenericSchema<Record<string, TText>> {
  const schema = v.record(v.string(), item, 'must be an object of names and texts')
  const run: (typeof schema)['~run'] = (dataset, config) =>
    schema['~run'](Array.isArray(dataset.value) ? { ...dataset, value: null } : dataset, config)
  return { ...schema, '~run': run }
}

const headersOf = <TText extends string | null>(item: v.GenericSchema<TText>, more = '') =>
  v.pipe(
    namesWith(item),
    v.check((headers) => Object.keys(headers).length <= MOST_HEADERS, `must have at most ${MOST_HEADERS}`),
    said<Record<string, TText>>(headersProblem),
    v.description(
      `Headers of yours in each request: names and values. Kept encrypted, and never shown again. Not those that Tubewire or the connection needs.${more}`,
    ),
  )

const metadataOf = <TText extends string | null>(item: v.GenericSchema<TText>, more = '') =>
  v.pipe(
    namesWith(item),
    v.check(
      (metadata) => Object.keys(metadata).length <= MOST_METADATA,
      `must have at most ${MOST_METADATA}`,
    ),
    v.check(
      (metadata) => Object.keys(metadata).every((name) => /^[\w.:-]{1,40}$/.test(name)),
      'must have names of letters, digits and _ . : - only, of at most 40',
    ),
    v.description(`Names and texts of yours. Tubewire does nothing with them.${more}`),
  )

const number = (min: number, max: number, description: string) =>
  v.pipe(
    v.number('must be a number'),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
    v.description(description),
  )
const wholeNumber = (min: number, max: number, description: string) =>
  v.pipe(number(min, max, description), v.integer('must be a whole number'))

const BATCH_SECONDS = 5
const batch = {
  events: wholeNumber(2, 100, 'The most events in one body.'),
  seconds: number(0, 60, 'How long the first one waits for others.'),
}
const Batch = v.pipe(
  v.strictObject({ events: batch.events, seconds: v.optional(batch.seconds, BATCH_SECONDS) }),
  v.description('Several events in one body; null: each by itself.'),
)

const Description = v.pipe(text(500), v.description('For people.'))

/** A signing secret of the owner's own. */
export const OwnSecret = v.pipe(
  text(200),
  said(secretProblem),
  v.description(
    'A signing secret of yours: `whsec_` and the base64 of 24 to 64 bytes. Else Tubewire makes one.',
  ),
)

const settings = {
  headers: v.nullable(headersOf(v.string('must be a text'))),
  rateLimit: v.nullable(number(0.01, 1_000, 'Requests a second that it is sent at most.')),
  concurrency: v.nullable(wholeNumber(1, 50, 'Requests that may wait for its answer at once.')),
  timeoutSeconds: v.nullable(number(1, 30, 'How long it may take to answer.')),
  format: v.pipe(
    v.picklist(FORMATS, `must be one of ${FORMATS.join(', ')}`),
    v.description('What the body is like: see docs/webhooks.md.'),
  ),
  payload: v.pipe(
    v.picklist(['full', 'thin'], 'must be "full" or "thin"'),
    v.description('`thin`: what happened to what, and where the rest is to be read.'),
  ),
  batch: v.nullable(Batch),
  ordering: v.pipe(
    v.picklist(['none', 'subject', 'endpoint'], 'must be "none", "subject" or "endpoint"'),
    v.description(
      'What waits behind a delivery that failed, until it succeeded: nothing; what is about the same video or thread; everything.',
    ),
  ),
  signatures: v.pipe(
    v.array(v.picklist(['v1', 'v1a'], 'must be "v1" or "v1a"'), 'must be a list'),
    v.check(
      (list) => list.includes('v1') && new Set(list).size === list.length,
      'must have "v1", and each once',
    ),
    v.description(
      '`v1` is HMAC with the secret; `v1a` besides it Ed25519 with the key pair of this Tubewire.',
    ),
  ),
  metadata: v.nullable(metadataOf(text(500))),
}

/** Those of a new endpoint: what is left out is as the default says. */
export const newSettings = {
  description: v.optional(Description, ''),
  headers: v.optional(settings.headers),
  rateLimit: v.optional(settings.rateLimit),
  concurrency: v.optional(settings.concurrency),
  timeoutSeconds: v.optional(settings.timeoutSeconds),
  format: v.optional(settings.format),
  payload: v.optional(settings.payload),
  batch: v.optional(settings.batch),
  ordering: v.optional(settings.ordering),
  signatures: v.optional(settings.signatures),
  metadata: v.optional(settings.metadata),
}

const BY_PARTS = ' A name that is left out stays; null takes it away.'

/** Those of a change: null puts back the default, and what has parts of its own is changed part by part (RFC 7396, 2). */
export const changedSettings = (allowLocal: boolean) => ({
  url: v.optional(targetUrl(allowLocal)),
  ...newSettings,
  description: v.optional(v.nullable(Description)),
  headers: v.optional(v.nullable(headersOf(v.nullable(v.string('must be a text')), BY_PARTS))),
  format: v.optional(v.nullable(settings.format)),
  payload: v.optional(v.nullable(settings.payload)),
  batch: v.optional(
    v.nullable(
      v.pipe(
        v.strictObject({
          events: v.optional(batch.events),
          seconds: v.optional(v.nullable(batch.seconds)),
        }),
        v.description('Several events in one body; null: each by itself. What is not named stays.'),
      ),
    ),
  ),
  ordering: v.optional(v.nullable(settings.ordering)),
  signatures: v.optional(v.nullable(settings.signatures)),
  metadata: v.optional(v.nullable(metadataOf(v.nullable(text(500)), BY_PARTS))),
})

type Changes = v.InferOutput<v.ObjectSchema<ReturnType<typeof changedSettings>, undefined>>
type Said = Omit<Changes, 'headers' | 'batch' | 'metadata'> &
  Pick<v.InferOutput<v.ObjectSchema<typeof newSettings, undefined>>, 'headers' | 'batch' | 'metadata'>

/**
 * What a merge patch leaves of what has parts of its own.
 * @throws Problem 400 when that is too much, or not enough.
 */
export async function merged(
  { headers, batch: changedBatch, metadata, ...rest }: Changes,
  endpoint: Endpoint,
  ring: KeyRing,
): Promise<Said> {
  const before = endpoint.metadata === null ? {} : JSON.parse(endpoint.metadata)
  return {
    ...rest,
    headers:
      headers && patched('headers', await headersOfEndpoint(endpoint, ring), lowered(headers), MOST_HEADERS),
    batch: changedBatch && patchedBatch(changedBatch, endpoint),
    metadata: metadata && patched('metadata', before, metadata, MOST_METADATA),
  }
}

function patched(
  field: string,
  before: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
  most: number,
): Record<string, string> {
  const after = Object.entries({ ...before, ...changes }).flatMap(([name, value]) =>
    value === null ? [] : [[name, value] as const],
  )
  if (after.length > most)
    throw invalidParams(invalid('body', field, `must have at most ${most}, with those that are there`))
  return Object.fromEntries(after)
}

function patchedBatch(
  { events, seconds }: NonNullable<Changes['batch']>,
  { batchSize, batchMs }: Endpoint,
): NonNullable<Said['batch']> {
  const size = events ?? batchSize
  if (size === null) throw invalidParams(invalid('body', 'batch.events', 'is missing'))
  const before = batchMs === null ? BATCH_SECONDS : batchMs / 1_000
  return { events: size, seconds: seconds === undefined ? before : (seconds ?? BATCH_SECONDS) }
}

async function headersOfEndpoint({ id, headers }: Endpoint, ring: KeyRing): Promise<Record<string, string>> {
  if (headers === null) return {}
  try {
    return JSON.parse(await decryptSecret(ring, headers, id))
  } catch {
    const msg =
      'must be merged with those that are there, which can not be read any more: put them back to null first'
    throw invalidParams(invalid('body', 'headers', msg))
  }
}

/** What is said, as it is stored. What was left out is left out. @param id of the endpoint, to which its headers are bound. */
export async function storedSettings(
  said: Said,
  id: string,
  ring: KeyRing,
): Promise<Partial<EndpointSettings>> {
  const { url, description, headers, timeoutSeconds, batch, signatures, metadata } = said
  const stored: { [TName in keyof EndpointSettings]: EndpointSettings[TName] | undefined } = {
    url: url === undefined ? undefined : new URL(url).href,
    description: orDefault(description, ''),
    headers:
      headers && Object.keys(headers).length > 0 ? await encryptHeaders(headers, id, ring) : orNull(headers),
    rateLimit: said.rateLimit,
    concurrency: said.concurrency,
    timeoutMs: timeoutSeconds ? Math.round(timeoutSeconds * 1_000) : orNull(timeoutSeconds),
    format: orDefault(said.format, 'standard'),
    payload: orDefault(said.payload, 'full'),
    batchSize: batch ? batch.events : orNull(batch),
    batchMs: batch ? Math.round(batch.seconds * 1_000) : orNull(batch),
    ordering: orDefault(said.ordering, 'none'),
    signsAsymmetric: signatures === undefined ? undefined : (signatures?.includes('v1a') ?? false),
    metadata: metadata ? JSON.stringify(metadata) : orNull(metadata),
  }
  const given = Object.entries(stored).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Partial<EndpointSettings>
}

function encryptHeaders(headers: Record<string, string>, id: string, ring: KeyRing): Promise<string> {
  return encryptSecret(ring, JSON.stringify(lowered(headers)), id)
}

function lowered<TText>(headers: Readonly<Record<string, TText>>): Record<string, TText> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** What was left out stays so, and what is null or empty is null. */
function orNull(value: unknown): null | undefined {
  return value === undefined ? undefined : null
}

function orDefault<TValue>(value: TValue | null | undefined, byDefault: TValue): TValue | undefined {
  return value === null ? byDefault : value
}

/** What of an endpoint, as it would be, is right alone and wrong together. */
export function settingsProblem({
  format,
  url,
  batchSize,
  ordering,
}: Pick<Endpoint, 'format' | 'url' | 'batchSize' | 'ordering'>): Record<string, InvalidParam> | null {
  // The schema, or the one that let it in before, allows no other.
  const known = format as Format
  const problem = formatProblem(known, url)
  if (problem !== null) return invalid('body', 'url', `${problem}: so the format ${format} wants it`)
  if (batchSize === null) return null
  if (!canBatch(known))
    return invalid('body', 'batch', `must not be with the format ${format}: it has one event in a body`)
  return ordering === 'subject'
    ? invalid('body', 'batch', 'must not be with the ordering "subject": a body has events of several')
    : null
}

/** Never says a value: it may be a token. */
function headersProblem(headers: Record<string, string | null>): string | null {
  const seen = new Set<string>()
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name)) return 'must have names of letters, digits and - only'
    const lower = name.toLowerCase()
    if (RESERVED.test(lower)) return `must not have "${lower}": it is not yours to set`
    if (seen.has(lower)) return `must have "${lower}" once`
    if (value !== null && !HEADER_VALUE.test(value))
      return `must have a value of "${lower}" of 1 to 2,000 ASCII characters, without spaces at its ends`
    seen.add(lower)
  }
  return null
}

/** A check that says itself what is wrong. */
function said<TInput>(problemOf: (input: TInput) => string | null) {
  return v.check<TInput, (issue: v.CheckIssue<TInput>) => string>(
    (input) => problemOf(input) === null,
    ({ input }) => problemOf(input) ?? '',
  )
}
