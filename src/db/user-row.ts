/** @module The row of a user, and what no statement may do to the last administrator. */
import { columnsOf } from './columns.ts'
import { users } from './schema.ts'

/** A user's row. Never shown as it is: it holds the hash of his password. */
export type User = typeof users.$inferSelect

export const USER_COLUMNS = columnsOf(users)

/** The user in the first row that `USER_COLUMNS` read, or null. */
export function userIn(result: D1Result<Record<string, unknown>> | undefined): User | null {
  // The row has the shape of `USER_COLUMNS`.
  return (result?.results[0] as User | undefined) ?? null
}

/** A user who is let in. @param name what the statement calls him. */
export function isLetIn(name: string): string {
  return `${name}.state = 'active' AND ${name}.blocked_at IS NULL`
}

/**
 * Whether the row of `users` may stop being an administrator who is let in: he is none, or not the last. A peer is looked
 * for only of those who are one.
 */
export const IS_DISPENSABLE = `(users.role <> 0 OR NOT (${isLetIn('users')}) OR EXISTS (
  SELECT 1 FROM users peer WHERE peer.role = 0 AND ${isLetIn('peer')} AND peer.id <> users.id))`
