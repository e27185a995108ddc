/**
 * @module How long a list is, without counting it: triggers keep the numbers. A list reads its own with its page, in one
 * batch: `db.batch([totalStatement(db, 'users'), …])`, then `totalOf(results[0])`.
 */

/** The lists that are counted. `mails` and `instances` and `users` are everybody's. */
export type CountedList = 'users' | 'instances' | 'endpoints' | 'api_keys' | 'mails'

/** How long a list is. @param ownerId whose; empty: everybody's. */
export async function total(db: D1Database, list: CountedList, ownerId = ''): Promise<number> {
  return totalOf(await totalStatement(db, list, ownerId).all())
}

/** Reads how long a list is, as a part of a batch. */
export function totalStatement(db: D1Database, list: CountedList, ownerId = ''): D1PreparedStatement {
  return db.prepare('SELECT total FROM totals WHERE list = ? AND owner_id = ?').bind(list, ownerId)
}

/** What `totalStatement`, or a count of the same name, has read. A list that never had an entry has no row. */
export function totalOf(result: D1Result<unknown> | undefined): number {
  // The row has the shape of the statement.
  const row = result?.results[0] as { total: number } | undefined
  return row?.total ?? 0
}
