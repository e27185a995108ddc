/** @module A page of a list, parsed item by item: a bad item is left out and told, and costs no other. */
import * as v from 'valibot'
import { PAGE_SIZE } from '../events/video-walk.ts'
import { type Failure, failed, type Get, type GetOptions, type Read } from './client.ts'
import { countOrNull } from './fields.ts'
import { shorten } from './shorten.ts'

export type NotModified = Extract<Read, { kind: 'not-modified' }>

export type Page<TItem> = {
  kind: 'page'
  items: TItem[]
  /** How many items the instance sent, those that could not be understood included. */
  listed: number
  /** How many it says there are. */
  total: number | null
  /** One message for each item left out, naming the field. */
  skipped: string[]
  etag: string | null
}

/** Never more items than were asked for: a million empty ones would take a minute to parse. */
const List = v.object({ data: v.pipe(v.array(v.unknown()), v.maxLength(PAGE_SIZE)), total: countOrNull })

/**
 * Reads one page of a list, newest first.
 * @param url without a query. `noun`: what an item is called in messages. `start`: how many items to pass over.
 * `query`: beyond what every list has.
 */
export async function readPage<TItem>(
  get: Get,
  url: string,
  list: { noun: string; start: number; query?: Record<string, string> },
  item: v.GenericSchema<unknown, TItem>,
  options: GetOptions = {},
): Promise<Page<TItem> | NotModified | Failure> {
  // Always with a sort: without one some versions answer 500.
  const base = { sort: '-createdAt', count: String(PAGE_SIZE), start: String(list.start) }
  const answer = await get(`${url}?${new URLSearchParams({ ...base, ...list.query })}`, options)
  if (answer.kind !== 'ok') return answer

  const parsed = v.safeParse(List, answer.body)
  if (!parsed.success) {
    return failed(
      'schema',
      `no list of ${list.noun}s: ${describeIssue(parsed.issues[0])}`,
      answer.observation,
    )
  }
  const { data, total } = parsed.output
  const items = parseItems(item, data, (index) => `${list.noun} ${list.start + index}`)
  return { kind: 'page', ...items, listed: data.length, total, etag: answer.etag }
}

/** Parses each by itself. @param nameOf what a message calls the item of that index. */
export function parseItems<TItem>(
  schema: v.GenericSchema<unknown, TItem>,
  data: readonly unknown[],
  nameOf: (index: number) => string,
): { items: TItem[]; skipped: string[] } {
  const items: TItem[] = []
  const skipped: string[] = []
  for (const [index, value] of data.entries()) {
    const parsed = v.safeParse(schema, value, { abortEarly: true })
    if (parsed.success) items.push(parsed.output)
    else skipped.push(`${nameOf(index)}: ${describeIssue(parsed.issues[0])}`)
  }
  return { items, skipped }
}

/** Which field is wrong, and what is wrong with it, in a line. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  // Without what was received, which valibot's message quotes: it may be private, and goes into the log.
  const expected = issue.message.replace(/(: Received| but received) [\s\S]*$/, '')
  return shorten(`${v.getDotPath(issue) ?? 'the answer'}: ${expected}`)
}

/** One GET without an ETag: to that a 304 is no answer. */
export async function getFresh(
  get: Get,
  url: string,
  options: Omit<GetOptions, 'etag'> = {},
): Promise<Exclude<Read, NotModified>> {
  const answer = await get(url, options)
  return answer.kind === 'not-modified' ? failed('http', 'answered 304', answer.observation) : answer
}
