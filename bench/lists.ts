/** @module What a page of each list reads, at a million rows: the first one, and one deep in it by cursor. */
import { atMost, type Figure } from './figures.ts'
import { type Measured, numbers, startMeasured } from './harness.ts'
import type { PageAsk } from './worker.ts'

const ROWS = 1_000_000
const STEP = 100_000
const OWNER = 'usr_administrator'
const COUNT = 100

/** A list with how a row of it is made, `i` being its number. */
const SEEDS: Record<string, string> = {
  // One in a thousand waits.
  users: `users (id, username, role, created_at, state)
    SELECT 'usr_' || i, 'user' || i, 2, i, iif(i % 1000, 'active', 'waiting-for-approval')`,
  instances: `instances (id, owner_id, origin, host, name, version, created_at)
    SELECT 'ins_' || i, '${OWNER}', 'https://h' || i, 'h' || i, '', '6.3.0', i`,
  sources: `sources (id, instance_id, kind, due_at, checkpoint, created_at)
    SELECT 'src_' || i, 'ins_' || i, 'videos', i, '{}', i`,
  endpoints: `endpoints (id, owner_id, url, description, secret, created_at)
    SELECT 'ep_' || i, '${OWNER}', 'https://r' || i, '', 's', i`,
  api_keys: `api_keys (id, owner_id, name, hash, hint, scopes, created_at, updated_at)
    SELECT 'key_' || i, '${OWNER}', '', 'h' || i, '', '[]', i, i`,
  mails: `mails (id, recipient, subject, state, created_at) SELECT 'mail_' || i, 'a@b.example', '', 'sent', i`,
  // A thousand users, one action in four of another kind.
  audit_log: `audit_log (at, user_id, via, address, action, success, request_id)
    SELECT i, 'usr_' || (i % 1000), 'session', '', iif(i / 1000 % 4, 'x', 'y'), 1, ''`,
  events: `events (id, type, instance, subject, seen_at, poll_id, data)
    SELECT 'evt_' || i, 'video.published', 'h', 'v', i, 'p', '{}'`,
}
const COUNTED = ['users', 'instances', 'endpoints', 'api_keys', 'mails']
const TRIGGERS = [...COUNTED, 'users_state']

async function seed(db: D1Database): Promise<void> {
  // The triggers count one by one; a million at once are counted here.
  for (const name of TRIGGERS) await db.prepare(`DROP TRIGGER ${name}_counted`).run()
  for (const values of Object.values(SEEDS)) {
    for (let from = 0; from < ROWS; from += STEP) {
      await db
        .prepare(
          `WITH n(i) AS (SELECT CAST(?1 AS INTEGER) + i FROM (${numbers(STEP)} SELECT i FROM n)) INSERT INTO ${values} FROM n`,
        )
        .bind(from)
        .run()
    }
  }
  for (const table of COUNTED) {
    await db
      .prepare(`INSERT OR REPLACE INTO totals SELECT ?1, value, ${ROWS} FROM json_each('["", "${OWNER}"]')`)
      .bind(table)
      .run()
  }
  // Each with an attempt: a page shows the last one.
  await db.batch([
    db.prepare(
      `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, attempts, created_at)
       SELECT 'ep_1', sequence, '${OWNER}', 'delivered', 1, 0 FROM events`,
    ),
    db.prepare(
      `INSERT INTO attempts (endpoint_id, event_sequence, number, started_at, duration_ms, status)
       SELECT 'ep_1', sequence, 1, 0, 1, 200 FROM events`,
    ),
  ])
}

const PAGES: [list: PageAsk['list'], sorts: string[], deep: string | null][] = [
  ['users', ['createdAt', '-createdAt', 'username', '-username'], null],
  ['activeUsers', ['createdAt', '-createdAt', 'username', '-username'], null],
  ['waitingUsers', ['createdAt', '-createdAt', 'username', '-username'], null],
  ['instances', ['createdAt', '-createdAt', 'host', '-host'], null],
  ['endpoints', ['createdAt', '-createdAt'], null],
  ['allEndpoints', ['createdAt', '-createdAt'], null],
  ['apiKeys', ['createdAt', '-createdAt'], null],
  ['allApiKeys', ['createdAt', '-createdAt'], null],
  ['mails', ['createdAt', '-createdAt'], null],
  ['auditLog', [''], '500000'],
  ['auditLogOfUser', [''], '500000'],
  ['auditLogOfAction', [''], '500000'],
  ['auditLogOfBoth', [''], '500000'],
  ['deliveries', [''], '500000'],
]

/** A cursor into the middle of a list, as the API makes them. */
function middle(sort: string): string {
  const names: Record<string, string> = { username: 'user5', host: 'h5' }
  const key = names[sort.replace('-', '')] ?? ROWS / 2
  return Buffer.from(JSON.stringify([sort, key, ''])).toString('base64url')
}

async function ratio({ call }: Measured, ask: PageAsk): Promise<number> {
  const { items, rows, rowsRead } = JSON.parse(await call('/page', ask))
  if (items !== COUNT) throw new Error(`${JSON.stringify(ask)} gave ${items} rows, not ${COUNT}`)
  return rowsRead / rows
}

/** The figure of all lists but that of events, which has one of its own. */
export async function listsFigures(): Promise<Figure[]> {
  const measured = await startMeasured()
  try {
    await seed(measured.db)
    let worst = 0
    for (const [list, sorts, deep] of PAGES) {
      for (const sort of sorts) {
        for (const after of [undefined, deep ?? middle(sort)])
          worst = Math.max(
            worst,
            await ratio(measured, { list, query: { start: 0, count: COUNT, sort, after } }),
          )
      }
    }
    return [atMost('api.page.lists.rows_read', worst, 3, 'rows a row')]
  } finally {
    await measured.stop()
  }
}
