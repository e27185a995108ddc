/** @module Connections: making, renewing by a new login, listing, deleting. What a refresh writes is in connection-refresh.ts. */
import { type AuditEntry, auditStatement } from './audit.ts'
import { columnsOf, jsonOf } from './columns.ts'
import { deleteRow } from './delete-row.ts'
import { newId } from './id.ts'
import type { Instance, Source } from './instances.ts'
import { type ListPage, type ListQuery, readList } from './list.ts'
import { mayHave, type NotMade, ownerStatement, type Terms, whyNotMade } from './owners.ts'
import { NEVER } from './readable.ts'
import { connections, sources } from './schema.ts'

export type Connection = typeof connections.$inferSelect
/** What a connection says of its instance. */
type OfInstance = Pick<Instance, 'origin' | 'host' | 'pausedAt' | 'unreachableAt'>
/** A connection with its instance and its sources. */
export type ConnectionState = Connection & OfInstance & { sources: Source[] }

type Row = Connection & { instance: string; sources: string }

/** With all that is shown of it in the same row, each table in one look-up. */
const COLUMNS = `${columnsOf(connections)},
  (SELECT json_object('origin', origin, 'host', host, 'pausedAt', paused_at, 'unreachableAt', unreachable_at)
    FROM instances WHERE instances.id = connections.instance_id) AS instance,
  (SELECT json_group_array(${jsonOf(sources)} ORDER BY kind DESC, created_at, id)
    FROM sources WHERE sources.connection_id = connections.id) AS sources`

/** What is read as the account. */
export type Wanted = { notifications: boolean; comments: boolean; subscriptions: boolean }

/** What a login gives. `tokens` are encrypted for the connection's id: see src/workers/sealed-tokens.ts. */
export type Login = Pick<Connection, 'role' | 'expiresAt'> & { tokens: string }

/**
 * Stores a connection with its sources, due at once.
 * @returns whether it was stored, or why not; `taken`: its owner has the account connected.
 */
export async function insertConnection(
  db: D1Database,
  connection: Pick<Connection, 'id' | 'ownerId' | 'instanceId' | 'username' | 'createdAt'> & Login,
  wanted: Wanted,
  audit: AuditEntry,
  terms: Terms = {},
): Promise<'made' | 'taken' | 'instance-gone' | NotMade> {
  const { id, ownerId, instanceId, username, role, tokens, expiresAt, createdAt } = connection
  const condition = mayHave('connections', terms)
  const results = await db.batch([
    db
      .prepare(
        `INSERT INTO connections (id, owner_id, instance_id, username, role, tokens, expires_at, created_at, updated_at)
         SELECT ?1, u.id, i.id, ?4, ?5, ?6, ?7, ?8, ?8 FROM users u JOIN instances i ON i.id = ?3
         WHERE u.id = ?2 AND ${condition.sql} ON CONFLICT (owner_id, instance_id, username) DO NOTHING`,
      )
      .bind(id, ownerId, instanceId, username, role, tokens, expiresAt, createdAt, ...condition.values),
    auditStatement(db, audit),
    ...sourceStatements(db, { id, tokens }, wanted, createdAt),
    db
      .prepare(
        'SELECT 1 FROM connections WHERE owner_id = ? AND instance_id = ? AND username = ? AND id <> ?',
      )
      .bind(ownerId, instanceId, username, id),
    db.prepare('SELECT 1 FROM instances WHERE id = ?').bind(instanceId),
    ownerStatement(db, ownerId, terms),
  ])
  if (results[0]?.meta.changes) return 'made'
  const [taken, instance, owner] = results.slice(-3)
  if (taken?.results.length) return 'taken'
  return instance?.results.length ? whyNotMade(owner) : 'instance-gone'
}

/**
 * Gives a connection the tokens of a new login: it is active then, whatever it was, and its sources are due at once. They
 * move on by a revision, so that a poll which still had the old tokens commits nothing. Sources that are wanted are added,
 * none is taken away.
 * @returns the tokens that it had, encrypted (null: none), or why nothing was done.
 */
export async function renewConnection(
  db: D1Database,
  id: string,
  { role, tokens, expiresAt }: Login,
  wanted: Wanted,
  now: number,
  audit: AuditEntry,
  { evenShutOut = false }: Pick<Terms, 'evenShutOut'> = {},
): Promise<{ replaced: string | null } | 'missing' | 'owner-shut-out'> {
  const owner = mayHave('connections', { evenShutOut })
  const [before, changed] = await db.batch<Pick<Connection, 'tokens'>>([
    db.prepare('SELECT tokens FROM connections WHERE id = ?').bind(id),
    db
      .prepare(
        `UPDATE connections SET role = ?, tokens = ?, expires_at = ?, state = 'active', refreshing_since = NULL,
           last_error = NULL, updated_at = ?, revision = revision + 1
         WHERE id = ? AND EXISTS (SELECT 1 FROM users u WHERE u.id = connections.owner_id AND ${owner.sql})`,
      )
      .bind(role, tokens, expiresAt, now, id, ...owner.values),
    auditStatement(db, audit),
    ...sourceStatements(db, { id, tokens }, wanted, now),
    db
      .prepare(
        `UPDATE sources SET due_reason = 'new', revision = revision + 1, due_at = iif(EXISTS (
             SELECT 1 FROM instances i WHERE i.id = sources.instance_id AND i.paused_at IS NULL), ?, ${NEVER})
         WHERE connection_id = (SELECT id FROM connections WHERE id = ? AND tokens = ?)`,
      )
      .bind(now, id, tokens),
  ])
  const [row] = before?.results ?? []
  if (!row) return 'missing'
  return changed?.meta.changes ? { replaced: row.tokens } : 'owner-shut-out'
}

/** Makes the sources that are wanted and not there yet: from the row with these tokens, so that there is none when it was not written. */
function sourceStatements(
  db: D1Database,
  { id, tokens }: { id: string; tokens: string },
  { notifications, comments, subscriptions }: Wanted,
  now: number,
): D1PreparedStatement[] {
  const wanted = [
    ...(notifications ? [{ kind: 'notifications', target: `connection:${id}` } as const] : []),
    ...(comments ? [{ kind: 'comments', target: `connection:${id}` } as const] : []),
    ...(subscriptions ? [{ kind: 'videos', target: `subscriptions:${id}` } as const] : []),
  ]
  return wanted.map(({ kind, target }) =>
    db
      .prepare(
        `INSERT INTO sources (id, instance_id, kind, target, connection_id, owner_id, due_at, checkpoint, created_at)
         SELECT ?, c.instance_id, ?, ?, c.id, c.owner_id, iif(i.paused_at IS NULL, ?, ${NEVER}), '{}', ?
         FROM connections c JOIN instances i ON i.id = c.instance_id
         WHERE c.id = ? AND c.tokens = ? ON CONFLICT (instance_id, kind, target) DO NOTHING`,
      )
      .bind(newId('src'), kind, target, now, now, id, tokens),
  )
}

/** One connection, or null. @param ownerId whose; somebody else's is as good as none. Null: anybody's. */
export async function findConnection(
  db: D1Database,
  id: string,
  ownerId: string | null,
): Promise<ConnectionState | null> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM connections WHERE id = ?1 AND owner_id = coalesce(?2, owner_id)`)
    .bind(id, ownerId)
    .all<Row>()
  return results[0] ? withSources(results[0]) : null
}

/** The id of the connection that somebody has to an account, or null. */
export async function findAccount(
  db: D1Database,
  { ownerId, instanceId, username }: Pick<Connection, 'ownerId' | 'instanceId' | 'username'>,
): Promise<string | null> {
  return db
    .prepare('SELECT id FROM connections WHERE owner_id = ? AND instance_id = ? AND username = ?')
    .bind(ownerId, instanceId, username)
    .first<string>('id')
}

/** What connections can be sorted by. */
export const CONNECTION_SORTS = ['createdAt', '-createdAt'] as const

/** A page of connections. @param ownerId whose; null: everybody's. */
export async function listConnections(
  db: D1Database,
  ownerId: string | null,
  query: ListQuery,
): Promise<ListPage<ConnectionState>> {
  const page = await readList<Row>(
    db,
    {
      table: 'connections',
      list: 'connections',
      columns: COLUMNS,
      sorts: { createdAt: 'created_at' },
      searched: ['username'],
      ownerId,
    },
    query,
  )
  return { ...page, rows: page.rows.map(withSources) }
}

function withSources({ instance, sources: json, ...connection }: Row): ConnectionState {
  // What `COLUMNS` made of the rows of instances and sources.
  return { ...connection, ...(JSON.parse(instance) as OfInstance), sources: JSON.parse(json) as Source[] }
}

/** Deletes a connection with its sources and what is known of them. Its events stay. @returns whether it was there. */
export async function deleteConnection(
  db: D1Database,
  id: string,
  expectedRevision: number | null,
  audit: AuditEntry,
): Promise<boolean> {
  return deleteRow(db, 'connections', id, expectedRevision, audit)
}

/** A session at an instance that is to be ended there: its tokens, encrypted for this id, and where. */
export type Session = { id: string; tokens: string; origin: string; host: string }

/** More than are ended one after another in the time that is left after an answer. */
const MOST_SESSIONS = 100

/** The sessions that go with an instance, or with a user: to be read before it is deleted. */
export async function sessionsAtInstances(
  db: D1Database,
  of: { instanceId: string } | { ownerId: string },
): Promise<Session[]> {
  const [column, value] = 'instanceId' in of ? ['instance_id', of.instanceId] : ['owner_id', of.ownerId]
  const { results } = await db
    .prepare(
      `SELECT c.id AS id, c.tokens AS tokens, i.origin AS origin, i.host AS host
       FROM connections c JOIN instances i ON i.id = c.instance_id
       WHERE c.${column} = ? AND c.tokens IS NOT NULL LIMIT ${MOST_SESSIONS}`,
    )
    .bind(value)
    .all<Session>()
  return results
}
