/**
 * @module The hub (W3C WebSub): what it was asked for and has not yet had confirmed, and who is subscribed to which feed. A subscription
 * is an endpoint of the kind `websub`, with what it is sent in `hub_subscriptions`.
 */
import type { Filter } from '../events/filter.ts'
import { columnsOf } from './columns.ts'
import type { PublishedFeed } from './feeds.ts'
import { feeds, type hubRequests, type hubSubscriptions } from './schema.ts'
import { isLetIn } from './user-row.ts'

export type HubRequest = typeof hubRequests.$inferSelect
type HubSubscription = typeof hubSubscriptions.$inferSelect

const REQUEST_COLUMNS =
  'id, mode, topic, callback, lease_seconds AS leaseSeconds, secret, reason, created_at AS createdAt, attempts, due_at AS dueAt'

/**
 * Why a request was not taken: too much waits to be confirmed, the feed has as many subscribers as it may, or the host of the callback
 * has as many subscriptions, or requests that wait.
 */
type NotTaken = 'busy' | 'full' | 'host-full'

/** How much there may be. `pending`: requests that wait at once; `subscribers`: of a feed; `ofHost`: of one host, of both. */
export type HubLimits = {
  pending: number
  subscribers: number
  ofHost: { pending: number; subscriptions: number }
}

/**
 * Stores what the hub was asked for. What the same subscriber asked of the same topic before is forgotten: the newest counts.
 * @param request its callback begins with its origin and a slash.
 */
export async function insertHubRequest(
  db: D1Database,
  request: HubRequest,
  feedId: string | null,
  most: HubLimits,
): Promise<'taken' | NotTaken> {
  const { id, mode, topic, callback, leaseSeconds, secret, reason, createdAt, attempts, dueAt } = request
  const isThere = `EXISTS (SELECT 1 FROM hub_subscriptions WHERE callback = ?4 AND topic = ?3)`
  // Each counts no further than to its limit. Of one host: callbacks that begin so, in the order of the index.
  const rows = (condition: string, limit: string) =>
    `(SELECT count(*) FROM (SELECT 1 FROM ${condition} LIMIT ${limit})) < ${limit}`
  const ofHost = `callback >= ?14 AND callback < ?15`
  const room = {
    busy: rows("hub_requests WHERE mode <> 'denied'", '?13'),
    full: `(${isThere} OR ${rows('hub_subscriptions WHERE feed_id = ?1', '?2')})`,
    'host-full': `(${isThere} OR ${rows(`hub_subscriptions WHERE ${ofHost}`, '?16')}) AND ${rows(`hub_requests WHERE ${ofHost} AND mode <> 'denied'`, '?17')}`,
  } as const satisfies Record<NotTaken, string>
  const { origin } = new URL(callback)
  const values = [
    feedId,
    most.subscribers,
    topic,
    callback,
    id,
    mode,
    leaseSeconds,
    secret,
    reason,
    createdAt,
    attempts,
    dueAt,
    most.pending,
    `${origin}/`,
    // What comes after a slash.
    `${origin}0`,
    most.ofHost.subscriptions,
    most.ofHost.pending,
  ]
  const { meta } = await db
    .prepare(
      `INSERT OR REPLACE INTO hub_requests
         (topic, callback, id, mode, lease_seconds, secret, reason, created_at, attempts, due_at)
       SELECT ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 WHERE ${Object.values(room).join(' AND ')}`,
    )
    .bind(...values)
    .run()
  if (meta.changes > 0) return 'taken'
  const why = await db
    .prepare(
      `SELECT ${room.full} AS "full", ${room['host-full']} AS host WHERE ?5 IS NOT NULL AND ?13 IS NOT NULL`,
    )
    .bind(...values)
    .first<{ full: number; host: number }>()
  if (why?.full === 0) return 'full'
  return why?.host === 0 ? 'host-full' : 'busy'
}

/** Whether a subscriber is subscribed to a topic. */
export async function isSubscribed(db: D1Database, callback: string, topic: string): Promise<boolean> {
  const found = await db
    .prepare('SELECT 1 FROM hub_subscriptions WHERE callback = ? AND topic = ?')
    .bind(callback, topic)
    .first()
  return found !== null
}

/**
 * Takes what is due of what was asked for, so that nobody else does for a while.
 * @param until when it is due again, should it not have been seen through: milliseconds since the epoch.
 * @param id only this one.
 */
export async function takeHubRequests(
  db: D1Database,
  { now, until, limit, id }: { now: number; until: number; limit: number; id?: string },
): Promise<HubRequest[]> {
  const { results } = await db
    .prepare(
      // Who waits to be asked goes before those who are told that it is over.
      `UPDATE hub_requests SET due_at = ?1, attempts = attempts + 1
       WHERE ${
         id === undefined
           ? `id IN (SELECT id FROM hub_requests WHERE due_at <= ?2 ORDER BY mode = 'denied', due_at LIMIT ?3)`
           : 'id = ?4 AND due_at <= ?2 AND ?3 > 0'
       }
       RETURNING ${REQUEST_COLUMNS}`,
    )
    .bind(until, now, limit, ...(id === undefined ? [] : [id]))
    .all<HubRequest>()
  return results
}

/** A condition that a request is still the newest of its subscriber's. */
const IS_NEWEST = 'EXISTS (SELECT 1 FROM hub_requests WHERE id = ?1)'

/** Forgets a request that was seen through, or given up. */
function forgetStatement(db: D1Database, id: string): D1PreparedStatement {
  return db.prepare('DELETE FROM hub_requests WHERE id = ?1').bind(id)
}

export async function forgetHubRequest(db: D1Database, id: string): Promise<void> {
  await forgetStatement(db, id).run()
}

/** Leaves a request for later. */
export async function deferHubRequest(db: D1Database, id: string, dueAt: number): Promise<void> {
  await db.prepare('UPDATE hub_requests SET due_at = ?2 WHERE id = ?1').bind(id, dueAt).run()
}

/** What is told of a subscription that was confirmed. `secret` is encrypted, and bound to the callback. */
export type Confirmed = Omit<HubSubscription, 'feedId'> & {
  requestId: string
  slug: string
  secret: string
  createdAt: number
}

/**
 * Subscribes whom a request was of, or renews his subscription: the endpoint is then as new, with this secret and lease. Nothing is
 * done when something else was asked for meanwhile, or there is no such feed any more.
 * @returns whether it was done.
 */
export async function confirmSubscription(db: D1Database, confirmed: Confirmed): Promise<boolean> {
  const { requestId, endpointId, slug, topic, format, callback, leaseExpiresAt, secret, createdAt } =
    confirmed
  const [made] = await db.batch([
    db
      .prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, updated_at, verified_at, format, batch_size,
           batch_ms, ordering, kind)
         SELECT coalesce((SELECT endpoint_id FROM hub_subscriptions WHERE callback = ?3 AND topic = ?4), ?2), f.owner_id, ?3, '', ?5,
           ?6, ?6, ?6, 'websub', ${TOGETHER}, 0, 'endpoint', 'websub'
         FROM feeds f WHERE f.slug = ?7 AND ${IS_NEWEST}
         ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, updated_at = excluded.updated_at, failures = 0, failing_since = NULL,
           broken_since = NULL, probes = 0, held_until = 0, disabled_at = NULL, disabled_reason = NULL`,
      )
      .bind(requestId, endpointId, callback, topic, secret, createdAt, slug),
    db
      .prepare(
        `INSERT INTO hub_subscriptions (endpoint_id, feed_id, topic, format, callback, lease_expires_at)
         SELECT p.id, f.id, ?4, ?5, ?3, ?6 FROM feeds f JOIN endpoints p ON p.id = coalesce(
           (SELECT endpoint_id FROM hub_subscriptions WHERE callback = ?3 AND topic = ?4), ?2)
         WHERE f.slug = ?7 AND ${IS_NEWEST}
         ON CONFLICT (endpoint_id) DO UPDATE SET lease_expires_at = excluded.lease_expires_at, feed_id = excluded.feed_id`,
      )
      .bind(requestId, endpointId, callback, topic, format, leaseExpiresAt, slug),
    forgetStatement(db, requestId),
  ])
  return (made?.meta.changes ?? 0) > 0
}

/** Events that one sending of a feed is for. It is for all that came before it, however many. */
const TOGETHER = 100

/** Ends the subscription that a request names, unless something else was asked for meanwhile. @returns whether there was one. */
export async function endSubscription(
  db: D1Database,
  { id, callback, topic }: Pick<HubRequest, 'id' | 'callback' | 'topic'>,
): Promise<boolean> {
  const [ended] = await db.batch([
    db
      .prepare(
        `DELETE FROM endpoints
         WHERE id = (SELECT endpoint_id FROM hub_subscriptions WHERE callback = ?2 AND topic = ?3) AND ${IS_NEWEST}`,
      )
      .bind(id, callback, topic),
    forgetStatement(db, id),
  ])
  return (ended?.meta.changes ?? 0) > 0
}

/** Ends subscriptions whose lease is over: "hubs MUST enforce lease expirations" (WebSub, 5.1). @returns how many. */
export async function endLeases(db: D1Database, now: number, limit: number): Promise<number> {
  const { meta } = await db
    .prepare(
      `DELETE FROM endpoints WHERE kind = 'websub' AND id IN (
         SELECT endpoint_id FROM hub_subscriptions WHERE lease_expires_at <= ? ORDER BY lease_expires_at LIMIT ?)`,
    )
    .bind(now, limit)
    .run()
  return meta.changes
}

/**
 * Ends all subscriptions to a feed, each with a denial to be told (WebSub, 5.2), as a part of what takes its address from it: before
 * that, and on the same condition.
 * @param condition that it will be done, on the row `feeds`.
 */
export function denyStatements(
  db: D1Database,
  feedId: string,
  { reason, now }: { reason: string; now: number },
  condition: { sql: string; values: readonly (string | number | null)[] },
): D1PreparedStatement[] {
  const isDone = `EXISTS (SELECT 1 FROM feeds WHERE id = ?1 AND ${condition.sql})`
  return [
    db
      .prepare(
        `INSERT OR REPLACE INTO hub_requests (id, mode, topic, callback, lease_seconds, reason, created_at, due_at)
         SELECT 'hub_' || lower(hex(randomblob(12))), 'denied', topic, callback, 0, ?2, ?3, ?3
         FROM hub_subscriptions WHERE feed_id = ?1 AND ${isDone}`,
      )
      .bind(feedId, reason, now, ...condition.values),
    db
      .prepare(
        `DELETE FROM endpoints WHERE id IN (SELECT endpoint_id FROM hub_subscriptions WHERE feed_id = ?1) AND ${isDone}`,
      )
      .bind(feedId, ...condition.values),
  ]
}

/** What a subscriber is sent: which feed, by which address. */
export type HubTopic = { topic: string; feed: PublishedFeed }

/** What these endpoints are sent, by their ids: of those whose lease is not over. One round trip; a feed is read once for them all. */
export async function hubTopics(
  db: D1Database,
  endpointIds: readonly string[],
  now: number,
): Promise<Map<string, HubTopic>> {
  const subscribed = `json_each(?1) j CROSS JOIN hub_subscriptions h ON h.endpoint_id = j.value AND h.lease_expires_at > ?2`
  const statements = [
    `SELECT h.endpoint_id AS endpointId, h.topic AS topic, h.feed_id AS feedId FROM ${subscribed}`,
    `SELECT ${columnsOf(feeds, 's')}, coalesce(e.sequence, 0) AS head, e.seen_at AS headSeenAt
     FROM (SELECT DISTINCT h.feed_id AS id FROM ${subscribed}) d
       CROSS JOIN feeds s ON s.id = d.id AND s.slug IS NOT NULL
       CROSS JOIN users u ON u.id = s.owner_id AND ${isLetIn('u')}
       LEFT JOIN events e ON e.sequence = (SELECT max(last_sequence) FROM feed_items WHERE feed_id = s.id)`,
  ]
  const [subscriptions, found] = await db.batch(
    statements.map((sql) => db.prepare(sql).bind(JSON.stringify(endpointIds), now)),
  )
  // The rows have the shapes of the statements.
  const rows = (found?.results ?? []) as (Omit<PublishedFeed, 'filter'> & { filter: string })[]
  const published = new Map(rows.map((row) => [row.id, { ...row, filter: JSON.parse(row.filter) as Filter }]))
  const topics = (subscriptions?.results ?? []) as Pick<HubSubscription, 'endpointId' | 'topic' | 'feedId'>[]
  return new Map(
    topics.flatMap(({ endpointId, topic, feedId }) => {
      const feed = published.get(feedId)
      return feed ? [[endpointId, { topic, feed }] as const] : []
    }),
  )
}

/**
 * What a feed that was sent settles, as a part of the recording of its attempt: all that its subscriber was owed up to its newest
 * event. `sent`: the endpoint, and that event's sequence.
 */
export function settledStatement(
  db: D1Database,
  sent: readonly { endpointId: string; head: number }[],
  now: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE deliveries SET state = 'delivered', due_at = NULL, finished_at = ?
       FROM json_each(?) j
       WHERE endpoint_id = value ->> 'endpointId' AND due_at IS NOT NULL AND event_sequence <= value ->> 'head'`,
    )
    .bind(now, JSON.stringify(sent))
}

/** Ends the subscriptions of whoever said that he is gone, or failed for too long, as a part of what says so. */
export function endedStatement(db: D1Database, endpointIds: readonly string[]): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM endpoints WHERE kind = 'websub' AND disabled_at IS NOT NULL AND id IN (SELECT value FROM json_each(?))`,
    )
    .bind(JSON.stringify(endpointIds))
}
