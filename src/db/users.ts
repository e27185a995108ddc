/**
 * @module Users: making, finding, listing, changing. One round trip each; whatever must not happen is refused by the
 * statement that would do it, so that of two at once one is refused. How one is shut out or deleted: user-removal.ts.
 */
import { type AuditEntry, auditStatements } from './audit.ts'
import { assignments } from './columns.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { users } from './schema.ts'
import { afterNewPassword, PENDING_AFTER_PASSWORD } from './user-credentials.ts'
import { IS_DISPENSABLE, USER_COLUMNS, type User, userIn } from './user-row.ts'

export { blockUser, deleteUser, unblockUser } from './user-removal.ts'
export type { User } from './user-row.ts'

/** What is told of a user when he is made. */
export type NewUser = Pick<User, 'id' | 'username' | 'role' | 'createdAt'> &
  Partial<Pick<User, 'email' | 'emailVerifiedAt' | 'pendingEmail' | 'passwordHash' | 'state'>>

/**
 * Stores a user. Name and addresses are stored in lower case; the unique indexes decide whether they are free.
 * Safe to repeat.
 */
export async function insertUser(
  db: D1Database,
  user: NewUser,
  audit?: AuditEntry,
): Promise<User | 'username-taken' | 'email-taken'> {
  const username = user.username.toLowerCase()
  const results = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        `INSERT INTO users (id, username, role, email, email_verified_at, pending_email, password_hash, state, created_at,
           updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) ON CONFLICT DO NOTHING`,
      )
      .bind(
        user.id,
        username,
        user.role,
        lowerCase(user.email),
        user.emailVerifiedAt ?? null,
        lowerCase(user.pendingEmail),
        user.passwordHash ?? null,
        user.state ?? 'active',
        user.createdAt,
      ),
    ...auditStatements(db, audit),
    db.prepare('SELECT 1 FROM users WHERE username = ?').bind(username),
    db.prepare(`SELECT ${USER_COLUMNS} FROM users WHERE id = ?`).bind(user.id),
  ])
  const [namesakes, stored] = results.slice(-2)
  const row = userIn(stored)
  if (row) return row
  return namesakes?.results.length ? 'username-taken' : 'email-taken'
}

/** One user by id, or null. */
export async function findUser(db: D1Database, id: string): Promise<User | null> {
  return userIn(await db.prepare(`SELECT ${USER_COLUMNS} FROM users WHERE id = ?`).bind(id).all())
}

/** The user with this name or address, in whatever case, or null. Of a name that is somebody else's address: whose name it is. */
export async function findUserByName(db: D1Database, name: string): Promise<User | null> {
  return userIn(
    await db
      .prepare(
        `SELECT ${USER_COLUMNS} FROM users WHERE username = ?1 OR email = ?1 ORDER BY username = ?1 DESC LIMIT 1`,
      )
      .bind(name.toLowerCase())
      .all(),
  )
}

/** The user with this address, in whatever case, or null. */
export async function findUserByEmail(db: D1Database, email: string): Promise<User | null> {
  return userIn(
    await db.prepare(`SELECT ${USER_COLUMNS} FROM users WHERE email = ?`).bind(email.toLowerCase()).all(),
  )
}

/** What users can be sorted by. */
export const USER_SORTS = ['createdAt', '-createdAt', 'username', '-username'] as const

/** A page of users. @param query `state`: only those of this state. */
export async function listUsers(
  db: D1Database,
  { state, ...query }: ListQuery & { state?: User['state'] | undefined },
): Promise<ListPage<User>> {
  return readList<User>(
    db,
    {
      table: 'users',
      list: state === undefined ? 'users' : `users:${state}`,
      columns: USER_COLUMNS,
      sorts: { createdAt: 'created_at', username: 'username' },
      searched: ['username', 'email'],
      ...(state === undefined ? {} : { where: { sql: 'state = ?', values: [state] } }),
    },
    query,
  )
}

/** What may be changed of a user; what is left out, or undefined, stays. */
export type UserChanges = { updatedAt: number; passwordHash?: string | undefined } & {
  [Name in 'role' | 'email' | 'emailVerifiedAt' | 'pendingEmail' | 'state']?: User[Name] | undefined
}

/**
 * Changes a user: all of it or nothing. With a new password goes what user-credentials.ts says.
 * @param expectedRevision the revision that the change began from; null: whatever it is.
 * @returns the row as it is now, or why nothing was changed. `conflict`: somebody else changed it meanwhile.
 */
export async function updateUser(
  db: D1Database,
  id: string,
  changes: UserChanges,
  expectedRevision: number | null,
  audit?: AuditEntry,
): Promise<User | 'missing' | 'conflict' | 'email-taken' | 'last-administrator'> {
  const lowered = {
    ...changes,
    ...(changes.email === undefined ? {} : { email: lowerCase(changes.email) }),
    ...(changes.pendingEmail === undefined ? {} : { pendingEmail: lowerCase(changes.pendingEmail) }),
  }
  const set = assignments(users, lowered)
  const { passwordHash } = changes
  const pending =
    passwordHash === undefined || changes.pendingEmail !== undefined
      ? ''
      : `, pending_email = ${PENDING_AFTER_PASSWORD}`
  const staysAdministrator = (changes.role ?? 0) === 0 && (changes.state ?? 'active') === 'active'
  const results = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        // OR IGNORE: an address that is taken changes nothing.
        `UPDATE OR IGNORE users SET ${set.sql}${pending}, revision = revision + 1
         WHERE id = ? AND revision = coalesce(?, revision) AND ${staysAdministrator ? 'TRUE' : IS_DISPENSABLE}
         RETURNING ${USER_COLUMNS}`,
      )
      .bind(...set.values, id, expectedRevision),
    ...auditStatements(db, audit),
    ...(passwordHash === undefined ? [] : afterNewPassword(db, id, passwordHash)),
    db
      .prepare(
        `SELECT revision, EXISTS (SELECT 1 FROM users o WHERE o.email = ? AND o.id <> users.id) AS isEmailTaken
         FROM users WHERE id = ?`,
      )
      .bind(lowered.email ?? null, id),
  ])
  const updated = userIn(results[0])
  if (updated) return updated
  const now = results.at(-1)?.results[0]
  if (!now) return 'missing'
  if (expectedRevision !== null && now['revision'] !== expectedRevision) return 'conflict'
  return now['isEmailTaken'] ? 'email-taken' : 'last-administrator'
}

/**
 * Accepts somebody who waits for approval: he is let in, or waits for his address to be verified.
 * @param judged `revision`: only if it is this one still; null: whatever it is.
 * @returns the row as it is now, or why it stays as it was.
 */
export async function acceptUser(
  db: D1Database,
  id: string,
  { now, revision = null }: { now: number; revision?: number | null },
  audit?: AuditEntry,
): Promise<User | 'missing' | 'not-waiting' | 'conflict'> {
  const results = await db.batch<Record<string, unknown>>([
    db
      .prepare(
        // Whose address is not verified waits for that still.
        `UPDATE users SET
           state = CASE WHEN email_verified_at IS NOT NULL OR coalesce(email, pending_email) IS NULL
             THEN 'active' ELSE 'waiting-for-email' END,
           updated_at = ?, revision = revision + 1
         WHERE id = ? AND state = 'waiting-for-approval' AND revision = coalesce(?, revision)
         RETURNING ${USER_COLUMNS}`,
      )
      .bind(now, id, revision),
    ...auditStatements(db, audit),
    db.prepare('SELECT revision FROM users WHERE id = ?').bind(id),
  ])
  const accepted = userIn(results[0])
  if (accepted) return accepted
  const [left] = results.at(-1)?.results ?? []
  if (!left) return 'missing'
  return revision !== null && left['revision'] !== revision ? 'conflict' : 'not-waiting'
}

function lowerCase(text: string | null | undefined): string | null {
  return text?.toLowerCase() ?? null
}

const DAY_MS = 24 * 3_600_000

/**
 * How many users there are, and how many logged in within 30 and 180 days. Reads all of them.
 */
export async function countUsers(
  db: D1Database,
  now: number,
): Promise<{ total: number; activeMonth: number; activeHalfyear: number }> {
  const counted = await db
    .prepare(
      `SELECT count(*) AS total, count(*) FILTER (WHERE last_login_at > ?1) AS activeMonth,
              count(*) FILTER (WHERE last_login_at > ?2) AS activeHalfyear FROM users`,
    )
    .bind(now - 30 * DAY_MS, now - 180 * DAY_MS)
    .first<{ total: number; activeMonth: number; activeHalfyear: number }>()
  return counted ?? { total: 0, activeMonth: 0, activeHalfyear: 0 }
}
