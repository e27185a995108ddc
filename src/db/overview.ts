/** @module What somebody looks at first: what happened by the hour, how much there is of what, and what needs attention. */
import { type AttemptHour, attemptHoursStatement } from './delivery-hours.ts'
import { type EventHour, eventHoursStatement } from './event-hours.ts'

/** How many of the instances are looked at for those that are paused, and of those that fail. The known PeerTube network has fewer. */
const MOST_INSTANCES = 2_000
/** Of how many of somebody's endpoints the states are counted: the newest ones. Only administrators may have more. */
const MOST_ENDPOINTS = 1_000
/** How many of a kind are named. */
const MOST_NAMED = 20

type Instances = { total: number; paused: number; failing: number; unreachable: number }
type Endpoints = { total: number; pending: number; paused: number; failing: number; disabled: number }
type Connections = { total: number; expired: number }

/** What does not work as it should. */
type Attention = {
  kind: 'instance' | 'endpoint' | 'connection'
  id: string
  /** Its host, its URL, or `username@host`. */
  name: string
  state: 'failing' | 'unreachable' | 'broken' | 'disabled' | 'pending' | 'expired'
  /** Milliseconds since the epoch. */
  since: number
  error: string | null
}

export type Overview = {
  events: EventHour[]
  attempts: AttemptHour[]
  instances: Instances
  endpoints: Endpoints
  connections: Connections
  /** What can't be used at all first, then what has been so for the longest. At most `MOST_NAMED` of each kind. */
  attention: Attention[]
}

/**
 * Reads an overview for a user: of instances everybody's, of all else his own. One round trip.
 * @param since the beginning of the first hour.
 */
export async function readOverview(db: D1Database, userId: string, since: number): Promise<Overview> {
  const [events, attempts, instances, endpoints, connections, ...attention] = await db.batch<unknown>([
    eventHoursStatement(db, userId, since),
    attemptHoursStatement(db, userId, since),
    db.prepare(INSTANCES),
    db.prepare(ENDPOINTS).bind(userId),
    db.prepare(CONNECTIONS).bind(userId),
    db.prepare(INSTANCES_IN_NEED),
    db.prepare(ENDPOINTS_IN_NEED).bind(userId),
    db.prepare(CONNECTIONS_IN_NEED).bind(userId),
  ])
  // The rows have the shapes of the statements.
  return {
    events: (events?.results ?? []) as EventHour[],
    attempts: (attempts?.results ?? []) as AttemptHour[],
    instances: instances?.results[0] as Instances,
    endpoints: endpoints?.results[0] as Endpoints,
    connections: connections?.results[0] as Connections,
    attention: inOrder(attention.flatMap(({ results }) => results as Attention[])),
  }
}

const URGENT: ReadonlySet<Attention['state']> = new Set(['unreachable', 'disabled'])

function inOrder(attention: readonly Attention[]): Attention[] {
  return attention.toSorted(
    (a, b) => Number(URGENT.has(b.state)) - Number(URGENT.has(a.state)) || a.since - b.since,
  )
}

const total = (list: string, owner: string) =>
  `coalesce((SELECT total FROM totals WHERE list = '${list}' AND owner_id = ${owner}), 0) AS total`

// Those that fail along their partial index; for those that are paused there is none: it would be written with each pause, to
// save a read of a row for each instance.
const INSTANCES = `SELECT ${total('instances', "''")},
    (SELECT count(*) FROM (SELECT paused_at FROM instances LIMIT ${MOST_INSTANCES}) WHERE paused_at IS NOT NULL) AS paused,
    count(*) FILTER (WHERE unreachable_at IS NULL) AS failing,
    count(*) FILTER (WHERE unreachable_at IS NOT NULL) AS unreachable
  FROM (SELECT unreachable_at, paused_at FROM instances INDEXED BY instances_failing
        WHERE failing_since IS NOT NULL LIMIT ${MOST_INSTANCES})
  WHERE paused_at IS NULL`

/** The newest of somebody's endpoints. */
const OWN = `SELECT * FROM endpoints INDEXED BY endpoints_owner WHERE owner_id = ?1 AND kind = 'webhook'
  ORDER BY created_at DESC, id DESC LIMIT ${MOST_ENDPOINTS}`
/** Those that fail or are disabled: in the words of the index. */
const TROUBLED = `SELECT * FROM endpoints INDEXED BY endpoints_troubled
  WHERE owner_id = ?1 AND kind = 'webhook' AND (failing_since IS NOT NULL OR disabled_at IS NOT NULL)
  LIMIT ${MOST_ENDPOINTS}`

// The states exclude each other, in the order in which src/api/endpoint-view.ts has them.
const ENDPOINTS = `SELECT ${total('endpoints', '?1')},
    count(*) FILTER (WHERE disabled_at IS NOT NULL) AS disabled,
    count(*) FILTER (WHERE disabled_at IS NULL AND paused_at IS NOT NULL) AS paused,
    count(*) FILTER (WHERE disabled_at IS NULL AND paused_at IS NULL AND verified_at IS NULL) AS pending,
    count(*) FILTER (WHERE disabled_at IS NULL AND paused_at IS NULL AND verified_at IS NOT NULL
      AND failing_since IS NOT NULL) AS failing
  FROM (${OWN})`

const CONNECTIONS = `SELECT ${total('connections', '?1')},
    (SELECT count(*) FROM connections INDEXED BY connections_expired WHERE owner_id = ?1 AND state = 'expired') AS expired`

/** How many sources of a kind are looked at for what went wrong: the first is that of the whole instance. */
const MOST_SOURCES = 100
const sourcesOf = (kind: string) =>
  `SELECT * FROM (SELECT connection_id, last_error, polled_at FROM sources
                  WHERE instance_id = i.id AND kind = '${kind}' LIMIT ${MOST_SOURCES})`
// What a connection's source met is its owner's to know.
const ERROR_OF_INSTANCE = `SELECT last_error FROM (${sourcesOf('videos')} UNION ALL ${sourcesOf('comments')})
  WHERE connection_id IS NULL AND last_error IS NOT NULL ORDER BY polled_at DESC LIMIT 1`
const INSTANCES_IN_NEED = `SELECT 'instance' AS kind, id, host AS name,
    iif(unreachable_at IS NULL, 'failing', 'unreachable') AS state, failing_since AS since, (${ERROR_OF_INSTANCE}) AS error
  FROM (SELECT * FROM instances INDEXED BY instances_failing WHERE failing_since IS NOT NULL LIMIT ${MOST_INSTANCES}) i
  WHERE paused_at IS NULL
  ORDER BY unreachable_at IS NULL, failing_since, id LIMIT ${MOST_NAMED}`

// One that is paused is as somebody wants it.
const ENDPOINTS_IN_NEED = `SELECT 'endpoint' AS kind, id, url AS name, state, since, error FROM (
    SELECT id, url, iif(disabled_at IS NOT NULL, 'disabled', iif(broken_since IS NOT NULL, 'broken', 'failing')) AS state,
      coalesce(disabled_at, failing_since) AS since, disabled_reason AS error
    FROM (${TROUBLED}) WHERE disabled_at IS NOT NULL OR (paused_at IS NULL AND verified_at IS NOT NULL)
    UNION ALL
    SELECT id, url, 'pending', created_at, verification_error
    FROM (${OWN})
    WHERE disabled_at IS NULL AND paused_at IS NULL AND verified_at IS NULL AND verification_error IS NOT NULL)
  ORDER BY state <> 'disabled', since, id LIMIT ${MOST_NAMED}`

const CONNECTIONS_IN_NEED = `SELECT 'connection' AS kind, c.id AS id, c.username || '@' || i.host AS name, 'expired' AS state,
    c.updated_at AS since, c.last_error AS error
  FROM connections c INDEXED BY connections_expired CROSS JOIN instances i ON i.id = c.instance_id
  WHERE c.owner_id = ?1 AND c.state = 'expired' ORDER BY c.updated_at, c.id LIMIT ${MOST_NAMED}`
