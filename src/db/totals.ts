/**
 * @module How long a list is, without counting it: triggers keep the numbers. A list reads its own with its page, in one
 * batch: `db.batch([totalStatement(db, 'users'), …])`, then `totalOf(results[0])`.
 */

import type { User } from './user-row.ts'

/** The lists that are counted. `mails` and `instances` and `users` are everybody's; `users:…` are those of a state. */
export type CountedList =
  | 'users'
  | `users:${User['state']}`
  | 'instances'
  | 'endpoints'
  | 'api_keys'
  | 'connections'
  | 'subscriptions'
  | 'feeds'
  | 'consumers'
  | 'mails'

/** A condition that a user's list has room for one more. @param owner @param most how a statement calls the two. */
export function hasRoom(list: CountedList, owner: string, most: string): string {
  return `coalesce((SELECT total FROM totals WHERE list = '${list}' AND owner_id = ${owner}), 0) < ${most}`
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
