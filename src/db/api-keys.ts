/** @module Keys of programs: several a user, each with a name, scopes and an end. Stored as digests. */
import { type AuditEntry, auditStatements } from './audit.ts'
import { assignments, columnsOf, withPrefix } from './columns.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { mayHave, type NotMade, ownerStatement, type Terms, whyNotMade } from './owners.ts'
import { apiKeys, users } from './schema.ts'
import { isLetIn, type User } from './user-row.ts'

type Row = typeof apiKeys.$inferSelect

/** A key, without the digest, which nobody needs to see. */
export type ApiKey = Omit<Row, 'hash' | 'scopes'> & { scopes: string[] }

/** What is told of a key when it is made. */
export type NewApiKey = Pick<
  Row,
  'id' | 'ownerId' | 'name' | 'hash' | 'hint' | 'rateLimit' | 'expiresAt' | 'createdAt'
> & { scopes: readonly string[] }

const COLUMNS = columnsOf(apiKeys)
// Made once: every request with a key reads them.
const OF_KEY = columnsOf(apiKeys, 'k', 'key.')
const OF_USER = columnsOf(users, 'u', 'user.')

/** Stores a key. @returns it, or why it was not stored. */
export async function insertKey(
  db: D1Database,
  key: NewApiKey,
  audit?: AuditEntry,
  terms: Terms = {},
): Promise<ApiKey | NotMade> {
  const condition = mayHave('api_keys', terms)
  const results = await db.batch<Row>([
    db
      .prepare(
        `INSERT INTO api_keys (id, owner_id, name, hash, hint, scopes, rate_limit, expires_at, created_at, updated_at)
         SELECT ?1, u.id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9 FROM users u
         WHERE u.id = ?2 AND ${condition.sql} RETURNING ${COLUMNS}`,
      )
      .bind(
        key.id,
        key.ownerId,
        key.name,
        key.hash,
        key.hint,
        JSON.stringify(key.scopes),
        key.rateLimit,
        key.expiresAt,
        key.createdAt,
        ...condition.values,
      ),
    ...auditStatements(db, audit),
    ownerStatement(db, key.ownerId, terms),
  ])
  return keyIn(results[0]) ?? whyNotMade(results.at(-1))
}

/** The key of this digest and its owner, or null: it is unknown, expired, or he is not let in. One statement, two rows. */
export async function findKey(
  db: D1Database,
  hash: string,
  now: number,
): Promise<{ key: ApiKey; user: User } | null> {
  const { results } = await db
    .prepare(
      `SELECT ${OF_KEY}, ${OF_USER}
       FROM api_keys k JOIN users u ON u.id = k.owner_id
       WHERE k.hash = ? AND (k.expires_at IS NULL OR k.expires_at > ?) AND ${isLetIn('u')}`,
    )
    .bind(hash, now)
    .all()
  const row = results[0]
  // The columns with a prefix are those of its table.
  return row ? { key: shown(withPrefix(row, 'key.') as Row), user: withPrefix(row, 'user.') as User } : null
}

/** What keys can be sorted by. */
export const API_KEY_SORTS = ['createdAt', '-createdAt'] as const

/** A page of keys. @param ownerId whose; null: everybody's. */
export async function listKeys(
  db: D1Database,
  ownerId: string | null,
  query: ListQuery,
): Promise<ListPage<ApiKey>> {
  const page = await readList<Row>(
    db,
    {
      table: 'api_keys',
      list: 'api_keys',
      columns: COLUMNS,
      sorts: { createdAt: 'created_at' },
      searched: ['name'],
      ownerId,
    },
    query,
  )
  return { ...page, rows: page.rows.map(shown) }
}

/** One key, or null. @param ownerId whose; somebody else's is as good as none. Null: anybody's. */
export async function findOwnKey(db: D1Database, ownerId: string | null, id: string): Promise<ApiKey | null> {
  return keyIn(
    await db
      .prepare(`SELECT ${COLUMNS} FROM api_keys WHERE id = ?1 AND owner_id = coalesce(?2, owner_id)`)
      .bind(id, ownerId)
      .all<Row>(),
  )
}

/** What may be changed of a key; what is left out, or undefined, stays. */
export type ApiKeyChanges = { updatedAt: number } & {
  [Name in 'name' | 'scopes' | 'rateLimit' | 'expiresAt']?: ApiKey[Name] | undefined
}

/**
 * Changes one of a user's keys.
 * @param expectedRevision the revision that the change began from; null: whatever it is.
 * @returns the key as it is now, or why nothing was changed.
 */
export async function updateKey(
  db: D1Database,
  ownerId: string,
  id: string,
  { scopes, ...changes }: ApiKeyChanges,
  expectedRevision: number | null,
  audit?: AuditEntry,
): Promise<ApiKey | 'missing' | 'conflict'> {
  const set = assignments(apiKeys, { ...changes, scopes: scopes && JSON.stringify(scopes) })
  const results = await db.batch<Row>([
    db
      .prepare(
        `UPDATE api_keys SET ${set.sql}, revision = revision + 1
         WHERE id = ? AND owner_id = ? AND revision = coalesce(?, revision) RETURNING ${COLUMNS}`,
      )
      .bind(...set.values, id, ownerId, expectedRevision),
    ...auditStatements(db, audit),
    db.prepare('SELECT 1 FROM api_keys WHERE id = ? AND owner_id = ?').bind(id, ownerId),
  ])
  return keyIn(results[0]) ?? (results.at(-1)?.results.length ? 'conflict' : 'missing')
}

/** Revokes one of a user's keys, at once, and forgets what was answered to it. @returns whether it was there. */
export async function deleteKey(
  db: D1Database,
  ownerId: string,
  id: string,
  audit?: AuditEntry,
  expectedRevision: number | null = null,
): Promise<boolean> {
  const results = await db.batch([
    // Before the key, which tells that this is a key, and his.
    db
      .prepare(
        `DELETE FROM idempotency_keys
         WHERE caller = ?1 AND EXISTS (
           SELECT 1 FROM api_keys WHERE id = ?1 AND owner_id = ?2 AND revision = coalesce(?3, revision))`,
      )
      .bind(id, ownerId, expectedRevision),
    db
      .prepare('DELETE FROM api_keys WHERE id = ?1 AND owner_id = ?2 AND revision = coalesce(?3, revision)')
      .bind(id, ownerId, expectedRevision),
    ...auditStatements(db, audit),
  ])
  return (results[1]?.meta.changes ?? 0) > 0
}

/** How old a key's last use may look. */
const TOUCH_MS = 60_000

/** Whether a use of the key is to be noted: not each one, which would be a write for each request. */
export function isTouchDue({ lastUsedAt }: Pick<ApiKey, 'lastUsedAt'>, now: number): boolean {
  return lastUsedAt === null || lastUsedAt <= now - TOUCH_MS
}

/** Notes that a key is used: written once a minute at most. */
export async function touchKey(db: D1Database, id: string, now: number): Promise<void> {
  await db
    .prepare(
      `UPDATE api_keys SET last_used_at = ?2
       WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at <= ?2 - ${TOUCH_MS})`,
    )
    .bind(id, now)
    .run()
}

function keyIn(result: D1Result<Row> | undefined): ApiKey | null {
  const row = result?.results[0]
  return row ? shown(row) : null
}

function shown({ hash: _, scopes, ...row }: Row): ApiKey {
  // A list of texts: `insertKey` and `updateKey` have written it.
  return { ...row, scopes: JSON.parse(scopes) as string[] }
}
