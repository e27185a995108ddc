/** @module Every route, walked by every kind of caller: what the rights table says is what happens. */

import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { exampleEvent } from '../../src/api/event-view.ts'
import type { Operation } from '../../src/api/operation.ts'
import { OPERATIONS } from '../../src/api/operations.ts'
import { contentTypes } from '../../src/api/request/body.ts'
import { type OperationId, type Reach, RIGHTS, type Right } from '../../src/api/rights.ts'
import { encryptSecret } from '../../src/secrets.ts'
import { newToken } from '../../src/tokens.ts'
import { newSecret } from '../../src/webhooks/signature.ts'
import { forgetAll, generous, KEY, sendTo } from '../support/call.ts'
import { count, testDeps } from '../support/harness.ts'
import { apiKey, loggedIn, person, session } from '../support/people.ts'

/** What succeeds with another status than the operation's first one, for what these requests carry. */
const PASSES: Partial<Record<OperationId, readonly number[]>> = {
  // The tokens of the examples are nobody's.
  getOAuthToken: [400],
  addSession: [400],
  verifyUser: [403],
  resetPassword: [403],
  postVerifyEmailPage: [403],
  postResetPasswordPage: [403],
  // Nothing listens there.
  addInstance: [422],
  // All of its videos are read already.
  addSource: [409],
  // It is the last one.
  delSource: [409],
  // Nobody watches that instance.
  addConnection: [422],
  // Signed by nobody.
  getThumbnail: [404],
  getAvatar: [404],
  // The address of nothing.
  getFeedDocument: [404],
  // Of no feed.
  askHub: [404],
  // Of the operator: see account.ts.
  deleteUserInfo: [204, 409],
  // The operator's account has no password here.
  putUserInfo: [204, 401],
  // Nobody has said yet that he wants this.
  testEndpoint: [409],
  // The operator's key is no session that could end.
  revokeOAuthToken: [200, 403],
  delSession: [204, 403],
}

/** Whose thing a path names: what belongs to `owner`, to everybody, or is a user. */
const OWNED: ReadonlySet<OperationId> = new Set([
  'getConnection',
  'delConnection',
  'getConnectionSource',
  'patchConnectionSource',
  'getEndpoint',
  'patchEndpoint',
  'delEndpoint',
  'verifyEndpoint',
  'resumeEndpoint',
  'rotateEndpointSecret',
  'testEndpoint',
  'getEndpointStatistics',
  'getDelivery',
  'resendDelivery',
  'getReplays',
  'addReplay',
  'getReplay',
  'delReplay',
  'recoverEndpoint',
  'addSubscription',
  'getSubscription',
  'patchSubscription',
  'delSubscription',
  'getDeliveries',
  'getEventDeliveries',
  'getConsumer',
  'patchConsumer',
  'delConsumer',
  'getConsumerEvents',
  'ackConsumer',
  'seekConsumer',
  'getApiKey',
  'patchApiKey',
  'delApiKey',
  'getUser',
  'getEvent',
  'getFeed',
  'patchFeed',
  'delFeed',
  'rotateFeedSecret',
  'revokeFeedSecret',
])

type World = Awaited<ReturnType<typeof makeWorld>>

/** Things of `owner`, and everybody who may come for them. The same each time: one batch puts them back. */
async function makeWorld() {
  await forgetAll()
  const owner = await loggedIn('owner')
  const other = await loggedIn('other')
  const moderator = await loggedIn('moderator', 'Moderator')
  const administrator = await loggedIn('administrator', 'Administrator')
  const expired = await session((await person('expired')).id, Date.now() - 1)
  const blocked = await loggedIn('blocked')
  const blockedKey = await apiKey(blocked.id, ['events:read'])
  const key = await apiKey(owner.id, ['feeds:read'])
  const otherKey = await apiKey(owner.id, ['connections:read'])
  await env.DB.batch([
    env.DB.prepare('UPDATE users SET blocked_at = 1 WHERE id = ?').bind(blocked.id),
    env.DB.prepare(
      `INSERT INTO instances (id, owner_id, origin, host, name, version, created_at)
       VALUES ('ins_1', 'usr_administrator', 'https://a.example', 'a.example', 'A', '6.3.0', 0)`,
    ),
    env.DB.prepare(
      `INSERT INTO sources (id, instance_id, kind, due_at, checkpoint, created_at) VALUES ('src_1', 'ins_1', 'videos', 0, '{}', 0)`,
    ),
    env.DB.prepare(
      `INSERT INTO connections (id, owner_id, instance_id, username, role, expires_at, created_at)
       VALUES ('con_1', ?, 'ins_1', 'alice', 2, 0, 0)`,
    ).bind(owner.id),
    env.DB.prepare(
      `INSERT INTO sources (id, instance_id, kind, target, connection_id, owner_id, due_at, checkpoint, created_at)
       VALUES ('src_2', 'ins_1', 'notifications', 'connection:con_1', 'con_1', ?, 0, '{}', 0)`,
    ).bind(owner.id),
    env.DB.prepare(
      `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at)
       VALUES ('ep_1', ?, 'http://127.0.0.1:1/path', '', ?, 0)`,
    ).bind(owner.id, await encryptSecret(testDeps().deps.config.encryptionKeys, newSecret(), 'ep_1')),
    env.DB.prepare(
      "INSERT INTO subscriptions (id, owner_id, endpoint_id, created_at) VALUES ('sub_1', ?, 'ep_1', 0)",
    ).bind(owner.id),
    env.DB.prepare(
      `INSERT INTO events (id, type, instance, subject, owner_id, seen_at, poll_id, data)
       VALUES ('evt_1', 'video.published', 'a.example', 'v', ?, 0, 'poll_1', ?)`,
    ).bind(owner.id, JSON.stringify(exampleEvent.data)),
    env.DB.prepare(
      `INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, created_at)
       SELECT 'ep_1', sequence, ?, 'failed', 0 FROM events WHERE id = 'evt_1'`,
    ).bind(owner.id),
    env.DB.prepare(
      `INSERT INTO consumers (id, owner_id, name, filter, position, created_at, updated_at)
       VALUES ('csm_1', ?, 'mine', '{}', 42, 0, 0)`,
    ).bind(owner.id),
    env.DB.prepare(
      `INSERT INTO replays (id, owner_id, endpoint_id, kind, state, after_sequence, last_sequence, position, created_at, updated_at)
       VALUES ('rpl_1', ?, 'ep_1', 'events', 'done', 0, 1, 1, 0, 0)`,
    ).bind(owner.id),
    env.DB.prepare(
      `INSERT INTO feeds (id, owner_id, name, mode, created_at, updated_at) VALUES ('feed_1', ?, 'F', 'events', 0, 0)`,
    ).bind(owner.id),
  ])
  return {
    owner,
    other,
    moderator,
    administrator,
    expired,
    blocked,
    blockedKey,
    key,
    otherKey,
    sequence: await count("SELECT sequence AS count FROM events WHERE id = 'evt_1'"),
    tables: await readTables(),
  }
}

/** What an operation may change, children after their parents. */
const TABLES = [
  'users',
  'sessions',
  'api_keys',
  'instances',
  'connections',
  'sources',
  'endpoints',
  'subscriptions',
  'events',
  'deliveries',
  'replays',
  'feeds',
  'consumers',
]

/** Their rows as one JSON text each. */
async function readTables(): Promise<string[]> {
  const tables = await env.DB.batch(TABLES.map((table) => env.DB.prepare(`SELECT * FROM ${table}`)))
  return tables.map(({ results }) => JSON.stringify(results))
}

/** Puts all of them back as they were. */
async function restore({ tables }: { tables: readonly string[] }): Promise<void> {
  const inserts = TABLES.map((table, index) => {
    const [row = {}]: Record<string, unknown>[] = JSON.parse(tables[index] ?? '[]')
    const columns = Object.keys(row)
    const values = columns.map((column) => `value ->> '${column}'`)
    return env.DB.prepare(
      `INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()} FROM json_each(?)`,
    ).bind(tables[index])
  })
  const deletes = [...TABLES, 'idempotency_keys', 'mails']
    .toReversed()
    .map((table) => env.DB.prepare(`DELETE FROM ${table}`))
  await env.DB.batch([...deletes, ...inserts])
}

const IDS: Record<string, (world: World) => string> = {
  connections: () => 'con_1',
  endpoints: () => 'ep_1',
  subscriptions: () => 'sub_1',
  instances: () => 'ins_1',
  sources: () => 'src_1',
  events: () => 'evt_1',
  feeds: () => 'feed_1',
  'api-keys': ({ key }) => key.id,
  users: ({ owner }) => owner.id,
}

const QUERIES: Partial<Record<OperationId, string>> = {
  getDeliveries: '?endpoint=ep_1',
  getWebfinger: '?resource=acct%3Atubewire%40tubewire.example',
  getVerifyEmailPage: '?userId=usr_1&verificationString=x',
  getResetPasswordPage: '?userId=usr_1&verificationString=x',
}

/** A request as the operation's own examples would have it. */
async function request(operation: Operation, world: World, token: string | null): Promise<number> {
  if (operation.method !== 'GET') isSpent = true
  const { deps } = testDeps()
  const resource = operation.path.split('/')[3] ?? ''
  const path = operation.path
    .replace(':id', IDS[resource]?.(world) ?? 'x')
    .replace(':sourceId', 'src_2')
    .replace(':replay', 'rpl_1')
    .replace('consumers/:name', 'consumers/mine')
    .replace(':sequence', String(world.sequence))
    .replace(/:\w+/g, 'x')
    .concat(QUERIES[operation.id] ?? '')
  const type = contentTypes(operation.bodyType ?? 'json')[0] ?? ''
  const response = await sendTo(
    generous(deps),
    operation.method,
    path,
    {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(operation.body ? { 'content-type': type } : {}),
    },
    operation.body ? bodyOf(operation) : undefined,
  )
  await response.body?.cancel()
  return response.status
}

function bodyOf({ id, bodyType, example }: Operation): string {
  // Nothing listens at this port: an instance that is on the internet would be asked.
  if (id === 'addSource') return JSON.stringify({ kind: 'videos' })
  if (id === 'addSubscription') return JSON.stringify({ endpoint: 'ep_1' })
  if (id === 'addInstance') return JSON.stringify({ url: 'http://127.0.0.1:1' })
  return bodyType === 'form'
    ? String(new URLSearchParams(example as Record<string, string>))
    : JSON.stringify(example)
}

function passes(operation: Operation): readonly number[] {
  return PASSES[operation.id] ?? Object.keys(operation.answers).map(Number)
}

/** What a reach means for a thing of `owner`. */
function statuses(operation: Operation, reach: Reach, isOwner: boolean): readonly number[] {
  if (reach === 'none') return [403]
  return reach === 'own' && OWNED.has(operation.id) && !isOwner ? [404] : passes(operation)
}

let world: World
let isSpent = false
beforeAll(async () => {
  world = await makeWorld()
})
/** A read leaves the world as it was. */
beforeEach(async () => {
  if (isSpent) await restore(world)
  isSpent = false
})

describe.each(OPERATIONS.map((operation) => [operation.id, operation] as const))('%s', (_id, operation) => {
  const right: Right = RIGHTS[operation.id]
  const isForAll = right.anonymous !== 'none'
  const unknown = isForAll ? passes(operation) : [401]

  it.each([
    ['nobody', () => null],
    ['an expired token', () => world.expired.token],
    ['a token that never was one', () => newToken()],
    ['the session of a blocked user', () => world.blocked.token],
    ['the key of a blocked user', () => world.blockedKey.key],
    ['no token at all', () => 'x'],
  ])('by %s', async (_name, token) => {
    expect(unknown).toContain(await request(operation, world, token()))
  })

  it.each([
    ['a User, its owner', () => world.owner.token, right.User, true],
    ['another User', () => world.other.token, right.User, false],
    ['a Moderator', () => world.moderator.token, right.Moderator, false],
    ['an Administrator', () => world.administrator.token, right.Administrator, false],
    ['the operator', () => KEY, right.Administrator, false],
  ])('by %s', async (_name, token, reach, isOwner) => {
    const isRefused = right.scope === 'operator' && token() !== KEY
    const expected = isRefused ? [403] : statuses(operation, reach, isOwner)
    expect(expected).toContain(await request(operation, world, token()))
  })

  it('by a key without its scope', async () => {
    const { key } = right.scope === 'feeds:read' ? world.otherKey : world.key
    expect(isForAll ? passes(operation) : [403]).toContain(await request(operation, world, key))
  })

  it('by a key with it', async () => {
    const { scope } = right
    const { key } = await apiKey(world.owner.id, [
      scope === 'any' || scope === 'session' || scope === 'operator' ? 'events:read' : scope,
    ])
    const expected =
      scope === 'session' || scope === 'operator' ? [403] : statuses(operation, right.User, true)
    expect(isForAll ? passes(operation) : expected).toContain(await request(operation, world, key))
  })
})

describe('The table', () => {
  it('knows every operation, each once, and no other', () => {
    expect(OPERATIONS.map(({ id }) => id).sort()).toEqual(Object.keys(RIGHTS).sort())
  })

  it('has no two operations for one route', () => {
    const routes = OPERATIONS.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(routes).size).toBe(routes.length)
  })
})
