/**
 * @module A page of a list, in the order of a column and then of the id. Near the beginning by `start`, which reads what it
 * skips; deep in the list by a cursor, which doesn't.
 */

/** The API refuses a `start` beyond this: what it skips is read. Deeper pages go by cursor. */
export const MAX_START = 10_000

/** The last row of the page before. */
export type Cursor = { sortValue: string | number; id: string }

/** Which page. */
export type Page<TKey extends string> = {
  /** How many rows to skip, of those after the cursor when there is one. */
  start: number
  count: number
  /** With a minus: downwards. */
  sort: TKey | `-${TKey}`
  after?: Cursor | undefined
}

/**
 * A page in SQL.
 * @param columns which column each key sorts by; each is in an index that ends with the id, or is unique.
 * @returns `where`, a condition, and `tail`, what ends the statement; each with what is to be bound there.
 */
export function pageSql<TKey extends string>(
  { start, count, sort, after }: Page<TKey>,
  columns: Readonly<Record<TKey, string>>,
): { where: string; whereValues: (string | number)[]; tail: string; tailValues: number[] } {
  const isDescending = sort.startsWith('-')
  // Without its minus it is a key.
  const column = columns[(isDescending ? sort.slice(1) : sort) as TKey]
  const direction = isDescending ? 'DESC' : 'ASC'
  return {
    where: after ? `(${column}, id) ${isDescending ? '<' : '>'} (?, ?)` : 'TRUE',
    whereValues: after ? [after.sortValue, after.id] : [],
    tail: `ORDER BY ${column} ${direction}, id ${direction} LIMIT ? OFFSET ?`,
    tailValues: [count, start],
  }
}
