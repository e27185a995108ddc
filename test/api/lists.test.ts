/** @module What the lists cost: whatever they are filtered by, they read what they show. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { exampleEvent } from '../../src/api/event-view.ts'
import type { Operation } from '../../src/api/operation.ts'
import { OPERATIONS } from '../../src/api/operations.ts'
import { numbers } from '../support/accounts.ts'
import { generous, KEY, readAnswer, sendTo } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { testDeps } from '../support/harness.ts'
import { as } from '../support/people.ts'

const ROWS = 3_000
/** Who calls, how long the list is, and where it ends. */
const FEW = 6

/** What a list can be filtered by, with something that few rows are, and something that none is. */
const FILTERS: Record<string, string[]> = {
  '/users': ['state=waiting-for-approval', 'state=waiting-for-email', 'state=active'],
  '/api-keys': ['owner=usr_7', 'owner=usr_administrator', 'owner=all'],
  '/endpoints': ['owner=usr_7', 'owner=usr_administrator', 'owner=all'],
  '/subscriptions': ['owner=usr_7', 'owner=usr_administrator', 'owner=all', 'endpoint=ep_7', 'endpoint=ep_8'],
  '/feeds': ['owner=usr_7', 'owner=usr_administrator', 'owner=all'],
  '/consumers': ['owner=usr_7', 'owner=usr_administrator', 'owner=all'],
  '/consumers/:name/events': ['lease=5&wait=0&worker=a'],
  '/instances': [],
  '/connections': ['owner=usr_7', 'owner=usr_administrator', 'owner=all'],
  '/mails': [],
  '/audit-log': [
    'user=usr_7',
    'user=usr_nobody',
    'action=rare',
    'action=nothing',
    'user=usr_7&action=rare',
    'user=usr_8&action=rare',
  ],
  '/deliveries': [
    'endpoint=ep_7',
    'endpoint=ep_8',
    'endpoint=ep_7&state=pending',
    'endpoint=ep_8&state=pending',
    'endpoint=ep_8&state=failed',
    'endpoint=ep_8&since=1970-01-01T00:00:00Z',
    'endpoint=ep_8&until=1970-01-01T00:01:00Z',
    'endpoint=ep_8&type=video.*',
    'endpoint=ep_8&status=2xx',
    'endpoint=ep_8&minDuration=1&maxDuration=1',
  ],
  '/endpoints/:id/replays': [''],
  '/events': [
    'type=video.published',
    'type=video.nothing',
    'type=video.*',
    'instance=rare',
    'instance=nothing',
    'instance=rare&type=video.published',
    'instance=rare&type=video.nothing',
    'since=1970-01-01T00:49:00Z',
    'until=1970-01-01T00:01:00Z',
    'wait=0',
    'order=newest&type=video.*',
    'channel=news@peertube.example&language=en&category=15&tag=a&nsfw=false&localOnly=true&minDuration=1&maxDuration=9',
    'account=news@peertube.example&video=9c9de5e8-0a1e-484a-b099-e80766180a6d&q=walrus&notificationKind=newFollow',
  ],
}
/** How a page is turned, and how its rows look. */
const PAGING = ['start', 'count', 'limit', 'sort', 'search', 'after', 'before', 'pictures']

beforeAll(async () => {
  const many = (sql: string) => env.DB.prepare(`${numbers(ROWS)} INSERT INTO ${sql} FROM n`)
  await env.DB.batch([
    many(`users (id, username, role, created_at, state)
      SELECT 'usr_' || i, 'user' || i, 2, i, iif(i % 1000, 'active', 'waiting-for-approval')`),
    many(`instances (id, owner_id, origin, host, name, version, created_at)
      SELECT 'ins_' || i, 'usr_administrator', 'https://h' || i, 'h' || i, '', '6.3.0', i`),
    many(`connections (id, owner_id, instance_id, username, role, expires_at, created_at)
      SELECT 'con_' || i, 'usr_' || i, 'ins_' || i, 'alice', 2, 0, i`),
    many(`endpoints (id, owner_id, url, description, secret, created_at)
      SELECT 'ep_' || i, 'usr_' || i, 'https://r' || i, '', 's', i`),
    many(`subscriptions (id, owner_id, endpoint_id, created_at)
      SELECT 'sub_' || i, 'usr_' || i, 'ep_' || i, i`),
    many(`feeds (id, owner_id, name, slug, mode, created_at, updated_at)
      SELECT 'feed_' || i, 'usr_' || i, '', 'feed-' || i, 'events', i, i`),
    many(`consumers (id, owner_id, name, filter, position, created_at, updated_at)
      SELECT 'csm_' || i, iif(i = 9, 'usr_administrator', 'usr_' || i), 'c' || i, '{}', 0, i, i`),
    many(`api_keys (id, owner_id, name, hash, hint, scopes, created_at, updated_at)
      SELECT 'key_' || i, 'usr_' || i, '', 'h' || i, '', '[]', i, i`),
    many(
      `mails (id, recipient, subject, state, created_at) SELECT 'mail_' || i, 'a@b.example', '', 'sent', i`,
    ),
    many(`audit_log (at, user_id, via, address, action, success, request_id)
      SELECT i, iif(i % 1000 = 7, 'usr_7', 'usr_8'), 'session', '', iif(i = 7, 'rare', 'usual'), 1, ''`),
    many(`events (id, type, instance, subject, seen_at, poll_id, data)
      SELECT 'evt_' || i, 'video.published', iif(i = 7, 'rare', 'h'), 'v', i * 1000, 'p', '${JSON.stringify(exampleEvent.data).replaceAll("'", "''")}'`),
    many(`deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
      SELECT iif(i % 1000, 'ep_8', 'ep_7'), i + 1, 'usr_7', 'pending', 0, 0`),
    many(`replays (id, owner_id, endpoint_id, kind, state, after_sequence, last_sequence, position, created_at, updated_at)
      SELECT 'rpl_' || i, 'usr_7', iif(i % 1000, 'ep_8', 'ep_7'), 'events', 'done', 0, 1, 1, i, i`),
  ])
})

async function read(path: string) {
  const { deps } = testDeps()
  const { db, cost } = countCosts(env.DB)
  const counted = { ...deps, env: { ...deps.env, DB: db } }
  const one = `/api/v1${path.replace(':id', 'ep_7').replace(':name', 'c9')}`
  const { status, body } = await readAnswer(await sendTo(generous(counted), 'GET', one, as(KEY)))
  return { status, body, rowsRead: cost.rowsRead }
}

/** The names of an operation's query. */
function queryOf({ query }: Operation): string[] {
  // A strict object's entries, by their names.
  return query && 'entries' in query ? Object.keys(query.entries as object) : []
}

/** What answers with rows. */
const LISTS = OPERATIONS.filter((operation) => {
  const names = queryOf(operation)
  const isData = operation.path.startsWith('/api/v1/')
  return isData && operation.method === 'GET' && (names.includes('count') || names.includes('limit'))
}).map((operation) => ({ path: operation.path.slice('/api/v1'.length), query: queryOf(operation) }))

describe('A list', () => {
  it('has no filter but those that are tried here', () => {
    const filters = LISTS.map(({ path, query }) => [
      path,
      query.filter((name) => !PAGING.includes(name)).toSorted(),
    ])
    const tried = Object.entries(FILTERS).map(([path, queries]) => [
      path,
      [...new Set(queries.flatMap((query) => [...new URLSearchParams(query).keys()]))].toSorted(),
    ])
    expect(Object.fromEntries(filters)).toEqual(Object.fromEntries(tried))
  })

  it.each(Object.entries(FILTERS).flatMap(([path, queries]) => queries.map((query) => `${path}?${query}`)))(
    'reads at most three rows for each that it shows, and a few: %s',
    async (path) => {
      const { status, body, rowsRead } = await read(path)
      expect(status).toBe(200)
      // Times are sought by halving.
      const steps = /since|until/.test(path) ? 2 * Math.ceil(Math.log2(ROWS)) : 0
      // So many deliveries are looked at for some filters: see test/db/delivery-log.test.ts.
      const lookedAt = path.startsWith('/deliveries') && path.includes('&') ? 3 * 2_000 : 0
      // And at so many events: see test/db/event-search.test.ts.
      const lookedThrough = path.startsWith('/events') && /channel|account/.test(path) ? 2 * ROWS + 10 : 0
      expect(rowsRead).toBeLessThanOrEqual(3 * body.data.length + FEW + steps + lookedAt + lookedThrough)
    },
  )

  it.each(LISTS.filter(({ query }) => query.includes('search')).map(({ path }) => path))(
    'is not searched for nothing: %s',
    async (path) => {
      const all = await read(path)
      for (const search of ['', '%20', '+'])
        expect(await read(`${path}?search=${search}`), search).toEqual(all)
    },
  )
})
