/** @module What comes in: read once, parsed with valibot, all that is wrong said at once. */
import * as v from 'valibot'
import { type InvalidParam, Problem } from './problem.ts'

const MAX_BODY_BYTES = 1024 * 1024

/**
 * Parses parameters of a request.
 * @throws Problem 400 naming every parameter that is wrong. The value is shown, unless the parameter is a secret.
 */
export function parseInput<TSchema extends v.GenericSchema>(
  schema: TSchema,
  input: unknown,
  location: InvalidParam['location'],
): v.InferOutput<TSchema> {
  const parsed = v.safeParse(schema, input)
  if (parsed.success) return parsed.output
  const invalidParams: Record<string, InvalidParam> = Object.create(null)
  for (const issue of parsed.issues) {
    const name = v.getDotPath(issue) ?? location
    const value = sentValue(issue)
    invalidParams[name] ??= {
      location,
      msg: messageOf(issue),
      param: name,
      path: name,
      ...(isShowable(value) ? { value } : {}),
    }
  }
  const names = Object.keys(invalidParams).join(', ')
  throw new Problem(400, `Incorrect request parameters: ${names}`, { invalidParams })
}

/** valibot's words for a missing and for an unknown field are its own; ours are everybody's. */
function messageOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== 'strict_object' || !issue.path) return issue.message
  return issue.expected === 'never' ? 'is unknown' : 'is missing'
}

/** What was sent: of a field that is unknown or missing valibot gives the name as the input. */
function sentValue(issue: v.BaseIssue<unknown>): unknown {
  return issue.type === 'strict_object' && issue.path ? issue.path.at(-1)?.value : issue.input
}

function isShowable(value: unknown): boolean {
  return (typeof value === 'string' && value.length <= 200) || typeof value === 'number' || value === null
}

/**
 * The JSON body of a request.
 * @throws Problem 415 when it isn't called JSON, 413 over 1 MB, 400 when it isn't JSON in UTF-8.
 */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new Problem(415, 'Send JSON, with "Content-Type: application/json"')
  }
  const bytes = await readBytes(request)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
  } catch {
    throw new Problem(400, 'The body is not JSON in UTF-8')
  }
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > MAX_BODY_BYTES) throw new Problem(413, `The body is longer than ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}

/** A text field. @param maxLength in UTF-16 units. */
export const text = (maxLength: number) =>
  v.pipe(v.string('must be a text'), v.maxLength(maxLength, `must have at most ${maxLength} characters`))

/** A sequence as a cursor. */
export const Sequence = v.pipe(
  v.string(),
  v.regex(/^\d{1,15}$/, 'must be a sequence: a whole number'),
  v.transform(Number),
)

/** `limit` of a list: 1 to 100. */
export const Limit = v.optional(
  v.pipe(
    v.string(),
    v.regex(/^\d{1,3}$/, 'must be a whole number'),
    v.transform(Number),
    v.minValue(1, 'must be at least 1'),
    v.maxValue(100, 'must be at most 100'),
  ),
  '100',
)

/** The query of a list in the order of ids: `after` is the last id of the page before. */
export const IdPage = v.strictObject({ after: v.optional(text(100), ''), limit: Limit })

/**
 * The answer of a list.
 * @param found one row more than the limit, when there is a next page.
 * @param cursorOf what the next page is asked for with.
 */
export function page<TRow, TShown>(
  found: readonly TRow[],
  limit: number,
  show: (row: TRow) => TShown,
  cursorOf: (row: TRow) => string,
): { data: TShown[]; next?: string } {
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  return { data: rows.map(show), ...(found.length > limit && last ? { next: cursorOf(last) } : {}) }
}
