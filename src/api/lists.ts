/** @module Lists, from the query of a request to the body of an answer. */
import { BadCursor, type ListPage, type ListQuery } from '../db/list.ts'
import { type Answer, ok } from './operation.ts'
import { invalidParams, Problem } from './problem.ts'
import { invalid } from './request/validate.ts'
import type { Reach } from './rights.ts'

/**
 * Answers with a page of a list.
 * @throws Problem 400 when the cursor is none of this list.
 */
export async function answerList<TRow>(
  read: () => Promise<ListPage<TRow>>,
  show: (row: TRow) => unknown,
): Promise<Answer> {
  try {
    const { total, rows, next } = await read()
    return ok({ total, data: rows.map(show), ...(next === undefined ? {} : { next }) })
  } catch (error) {
    if (!(error instanceof BadCursor)) throw error
    throw invalidParams(
      invalid('query', 'after', 'must be the `next` of an answer of this list', error.cursor),
    )
  }
}

/** The query of a list as the database takes it. A search for nothing, as an empty field of a form sends it, is none. */
export function listQueryOf(query: ListQuery): ListQuery {
  const { start, count, sort, search, after } = query
  return { start, count, sort, search: search?.trim() ? search : undefined, after }
}

/**
 * Whose things a list is to show: an owner's id, or null for everybody's.
 * @throws Problem 403 when somebody asks for others' who may only see his own.
 */
export function ownerOf(asked: string | undefined, userId: string, reach: Reach): string | null {
  if (asked === undefined || asked === userId) return userId
  if (reach !== 'all') throw new Problem('insufficient_rights', 'Your role sees your own only')
  return asked === 'all' ? null : asked
}
