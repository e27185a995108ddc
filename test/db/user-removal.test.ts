/** @module Blocking and deleting users: all that hangs on them goes along, or nothing does. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { insertKey } from '../../src/db/api-keys.ts'
import { insertEndpoint } from '../../src/db/endpoints.ts'
import { newId } from '../../src/db/id.ts'
import { insertInstance } from '../../src/db/instances.ts'
import { findSession, startSession } from '../../src/db/sessions.ts'
import { blockUser, deleteUser, findUser, unblockUser } from '../../src/db/users.ts'
import { entry, first, givenUser, logged, NOW, numbers, total } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'

const ROOT = 'usr_administrator'

async function givenEndpoint(ownerId: string, pausedBy: string | null = null): Promise<string> {
  const id = newId('ep')
  await insertEndpoint(env.DB, {
    id,
    ownerId,
    url: '',
    description: '',
    secret: '',
    createdAt: NOW,
    verifiedAt: NOW,
  })
  await env.DB.prepare(
    'UPDATE endpoints SET paused_by = ?1, paused_at = iif(?1 IS NULL, NULL, 5) WHERE id = ?2',
  )
    .bind(pausedBy, id)
    .run()
  return id
}

const endpoint = (id: string) =>
  first('SELECT paused_at AS pausedAt, paused_by AS pausedBy, revision FROM endpoints WHERE id = ?', id)

async function logIn(userId: string): Promise<string> {
  const accessHash = newId('ses')
  await startSession(env.DB, {
    userId,
    sessionId: newId('ses'),
    accessHash,
    refreshHash: newId('ses'),
    accessExpiresAt: NOW * 2,
    refreshExpiresAt: NOW * 2,
    now: NOW,
  })
  return accessHash
}

async function givenInstance(ownerId: string): Promise<string> {
  const host = newId('ins')
  const id = await insertInstance(
    env.DB,
    { ownerId, origin: host, host, name: '', version: '', createdAt: NOW },
    [{ kind: 'videos', target: '', checkpoint: '{}' }],
  )
  return String(id)
}

/** A user with one of everything that can be his. */
async function givenOwner() {
  const user = await givenUser()
  const endpointId = await givenEndpoint(user.id)
  const keyId = newId('key')
  const rest = { name: '', hint: '', scopes: [], rateLimit: null, expiresAt: null, createdAt: NOW }
  await insertKey(env.DB, { ...rest, id: keyId, ownerId: user.id, hash: keyId })
  const accessHash = await logIn(user.id)
  const instanceId = await givenInstance(user.id)
  const run = (sql: string, ...values: unknown[]) => env.DB.prepare(sql).bind(...values)
  await env.DB.batch([
    run("INSERT INTO mail_tokens VALUES (?1, ?1, 'verify-email', '', 1)", user.id),
    run(
      "INSERT INTO idempotency_keys VALUES (?1, 'k', '', 1, NULL, NULL), (?2, 'k', '', 1, 200, '')",
      user.id,
      keyId,
    ),
    run(
      `INSERT INTO events (id, type, instance, subject, owner_id, seen_at, poll_id, data)
       VALUES (?1, 't', 'h', 's', ?1, 1, 'p', '{}'), (?1 || 'public', 't', 'h', 's', NULL, 1, 'p', '{}')`,
      user.id,
    ),
    run(
      "INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, created_at) VALUES (?, 1, ?, 'pending', 1)",
      endpointId,
      user.id,
    ),
    run('INSERT INTO attempts VALUES (?, 1, 1, 1, 1, 200, NULL, NULL)', endpointId),
    // To an instance that is somebody else's: his own stay.
    run(
      `INSERT INTO connections (id, owner_id, instance_id, username, role, expires_at, created_at)
       SELECT 'con_' || ?1, ?1, ?2, '', 2, 0, 0`,
      user.id,
      await givenInstance(ROOT),
    ),
    run(
      `INSERT INTO sources (id, instance_id, kind, target, connection_id, owner_id, due_at, checkpoint, created_at)
       SELECT 'src_' || owner_id, instance_id, 'notifications', id, id, owner_id, 0, '{}', 0 FROM connections WHERE owner_id = ?`,
      user.id,
    ),
    run("INSERT INTO notifications VALUES ('con_' || ?, 1, 0)", user.id),
  ])
  return { user, endpointId, keyId, accessHash, instanceId }
}

type Owner = Awaited<ReturnType<typeof givenOwner>>

/** How many rows there are of what is his alone. */
const remains = ({ user, endpointId, keyId }: Owner) =>
  first(
    `SELECT (SELECT count(*) FROM users WHERE id = ?1) AS users,
            (SELECT count(*) FROM endpoints WHERE owner_id = ?1) AS endpoints,
            (SELECT count(*) FROM subscriptions WHERE owner_id = ?1) AS subscriptions,
            (SELECT count(*) FROM subscription_keys WHERE subscription_id NOT IN (SELECT id FROM subscriptions)) AS strayKeys,
            (SELECT count(*) FROM deliveries WHERE owner_id = ?1) AS deliveries,
            (SELECT count(*) FROM attempts WHERE endpoint_id = ?2) AS attempts,
            (SELECT count(*) FROM api_keys WHERE owner_id = ?1) AS keys,
            (SELECT count(*) FROM sessions WHERE user_id = ?1) AS sessions,
            (SELECT count(*) FROM mail_tokens WHERE user_id = ?1) AS mailTokens,
            (SELECT count(*) FROM events WHERE owner_id = ?1) AS privateEvents,
            (SELECT count(*) FROM connections WHERE owner_id = ?1) AS connections,
            (SELECT count(*) FROM sources WHERE owner_id = ?1) AS sources,
            (SELECT count(*) FROM notifications WHERE connection_id = 'con_' || ?1) AS notifications,
            (SELECT count(*) FROM idempotency_keys WHERE caller IN (?1, ?3)) AS answers,
            (SELECT count(*) FROM totals WHERE owner_id = ?1) AS totals`,
    user.id,
    endpointId,
    keyId,
  )

const ALL = {
  users: 1,
  endpoints: 1,
  subscriptions: 1,
  strayKeys: 0,
  deliveries: 1,
  attempts: 1,
  keys: 1,
  sessions: 1,
  mailTokens: 1,
  privateEvents: 1,
  connections: 1,
  sources: 1,
  notifications: 1,
  answers: 2,
  totals: 4,
}
const NOTHING = Object.fromEntries(Object.keys(ALL).map((name) => [name, 0]))

const ownerOf = async (instanceId: string) =>
  (await first('SELECT owner_id AS id FROM instances WHERE id = ?', instanceId))?.['id']

describe('Blocking', () => {
  it('ends the session, pauses what is not paused, and is audited', async () => {
    const user = await givenUser()
    const accessHash = await logIn(user.id)
    const running = await givenEndpoint(user.id)
    const paused = await givenEndpoint(user.id, 'owner')
    const others = await givenEndpoint(ROOT)
    const blocked = await blockUser(env.DB, user.id, { reason: 'spam', now: NOW + 1 }, entry(user.id))
    expect(blocked).toMatchObject({
      blockedAt: NOW + 1,
      blockedReason: 'spam',
      updatedAt: NOW + 1,
      revision: 1,
    })
    expect(await findUser(env.DB, user.id)).toEqual(blocked)
    expect(await findSession(env.DB, accessHash, NOW)).toBeNull()
    expect(await first('SELECT 1 FROM sessions WHERE user_id = ?', user.id)).toBeNull()
    expect(await endpoint(running)).toEqual({ pausedAt: NOW + 1, pausedBy: 'block', revision: 1 })
    expect(await endpoint(paused)).toEqual({ pausedAt: 5, pausedBy: 'owner', revision: 0 })
    expect(await endpoint(others)).toEqual({ pausedAt: null, pausedBy: null, revision: 0 })
    expect(await logged(user.id)).toHaveLength(1)
  })

  it('once more gives another reason, and keeps the moment and the endpoints as they are', async () => {
    const user = await givenUser()
    const id = await givenEndpoint(user.id)
    await blockUser(env.DB, user.id, { reason: 'spam', now: NOW })
    expect(await blockUser(env.DB, user.id, { reason: null, now: NOW + 9 })).toMatchObject({
      blockedAt: NOW,
      blockedReason: null,
    })
    expect(await endpoint(id)).toMatchObject({ pausedAt: NOW })
  })

  it('of nobody is nothing', async () => {
    expect(await blockUser(env.DB, 'usr_nobody', { reason: null, now: NOW }, entry('usr_nobody'))).toBe(
      'missing',
    )
    expect(await logged('usr_nobody')).toEqual([])
  })

  it('of the last administrator is refused, and leaves no trace', async () => {
    const accessHash = await logIn(ROOT)
    const id = await givenEndpoint(ROOT)
    expect(await blockUser(env.DB, ROOT, { reason: null, now: NOW }, entry(ROOT))).toBe('last-administrator')
    expect(await findUser(env.DB, ROOT)).toMatchObject({ blockedAt: null, revision: 0 })
    expect(await findSession(env.DB, accessHash, NOW)).not.toBeNull()
    expect(await endpoint(id)).toMatchObject({ pausedAt: null })
    expect(await logged(ROOT)).toEqual([])
  })

  it('of two administrators by each other lets one be', async () => {
    const other = await givenUser({ role: 0 })
    const outcomes = await Promise.all(
      [ROOT, other.id].map((id) => blockUser(env.DB, id, { reason: null, now: NOW })),
    )
    expect(outcomes.filter((outcome) => outcome === 'last-administrator')).toHaveLength(1)
    await env.DB.prepare('UPDATE users SET blocked_at = NULL').run()
    await env.DB.prepare('DELETE FROM users WHERE id = ?').bind(other.id).run()
  })
})

describe('Unblocking', () => {
  it('resumes what the block paused, and nothing else', async () => {
    const user = await givenUser()
    const running = await givenEndpoint(user.id)
    const moderated = await givenEndpoint(user.id, 'moderator')
    await blockUser(env.DB, user.id, { reason: 'spam', now: NOW })
    const unblocked = await unblockUser(env.DB, user.id, { now: NOW + 2 }, entry(user.id))
    expect(unblocked).toEqual({ ...user, updatedAt: NOW + 2, revision: 2 })
    expect(await endpoint(running)).toEqual({ pausedAt: null, pausedBy: null, revision: 2 })
    expect(await endpoint(moderated)).toEqual({ pausedAt: 5, pausedBy: 'moderator', revision: 0 })
    expect(await logged(user.id)).toHaveLength(1)
  })

  it('of who is not blocked changes nothing, and is not audited', async () => {
    const user = await givenUser()
    expect(await unblockUser(env.DB, user.id, { now: NOW + 2 }, entry(user.id))).toEqual(user)
    expect(await unblockUser(env.DB, 'usr_nobody', { now: NOW })).toBe('missing')
    expect(await logged(user.id)).toEqual([])
  })
})

describe('Deleting', () => {
  it('takes all that is his, gives his instances to the first administrator, and is audited', async () => {
    const owner = await givenOwner()
    const bystander = await givenOwner()
    expect(await remains(owner)).toEqual(ALL)
    const before = { endpoints: await total(env.DB, 'endpoints'), users: await total(env.DB, 'users') }

    expect(await deleteUser(env.DB, owner.user.id, entry(owner.user.id))).toBe('deleted')

    expect(await remains(owner)).toEqual(NOTHING)
    expect(await remains(bystander)).toEqual(ALL)
    expect(await ownerOf(owner.instanceId)).toBe(ROOT)
    expect(await ownerOf(bystander.instanceId)).toBe(bystander.user.id)
    expect(await findSession(env.DB, owner.accessHash, NOW)).toBeNull()
    expect(
      await first('SELECT owner_id AS owner FROM events WHERE id = ?', `${owner.user.id}public`),
    ).toEqual({ owner: null })
    expect(await total(env.DB, 'endpoints')).toBe(before.endpoints - 1)
    expect(await total(env.DB, 'users')).toBe(before.users - 1)
    expect(await logged(owner.user.id)).toHaveLength(1)
    // Once more there is nobody.
    expect(await deleteUser(env.DB, owner.user.id, entry(owner.user.id))).toBe('missing')
    expect(await logged(owner.user.id)).toHaveLength(1)
  })

  it('of the last administrator is refused, and leaves no trace', async () => {
    const instanceId = await givenInstance(ROOT)
    const endpointId = await givenEndpoint(ROOT)
    const accessHash = await logIn(ROOT)
    expect(await deleteUser(env.DB, ROOT, entry(ROOT))).toBe('last-administrator')
    expect(await ownerOf(instanceId)).toBe(ROOT)
    expect(await endpoint(endpointId)).not.toBeNull()
    expect(await findSession(env.DB, accessHash, NOW)).not.toBeNull()
    expect(await logged(ROOT)).toEqual([])
  })

  it.each(['before', 'half-way'])('that fails %s is not done at all', async (when) => {
    const owner = await givenOwner()
    // Before: the first statement. Half-way: what is last of what is his.
    const table = when === 'before' ? 'idempotency_keys' : 'users'
    await env.DB.prepare(
      `CREATE TRIGGER broken AFTER DELETE ON ${table} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`,
    ).run()
    await expect(deleteUser(env.DB, owner.user.id, entry(owner.user.id))).rejects.toThrow('the disk is full')
    await env.DB.prepare('DROP TRIGGER broken').run()
    expect(await remains(owner)).toEqual(ALL)
    expect(await ownerOf(owner.instanceId)).toBe(owner.user.id)
    expect(await logged(owner.user.id)).toEqual([])
  })
})

describe('Among 20,000 users', () => {
  beforeAll(async () => {
    await env.DB.prepare(
      `${numbers(20_000)} INSERT INTO users (id, role, created_at, username) SELECT 'usr_' || i, 2, ${NOW * 2}, 'many' || i FROM n`,
    ).run()
  })

  it('one is blocked, unblocked and deleted in a round trip each, of a few rows', async () => {
    const owner = await givenOwner()
    const { db, cost } = countCosts(env.DB)
    await blockUser(db, owner.user.id, { reason: null, now: NOW }, entry('usr_cost'))
    await unblockUser(db, owner.user.id, { now: NOW }, entry('usr_cost'))
    expect(cost.roundTrips).toBe(2)
    expect(cost.rowsRead).toBeLessThanOrEqual(46)
    expect(await deleteUser(db, owner.user.id, entry('usr_cost'))).toBe('deleted')
    expect(cost.roundTrips).toBe(3)
    expect(cost.rowsRead).toBeLessThanOrEqual(150)
  })
})

// Last, for no test after it has a first administrator.
describe('Deleting the first administrator', () => {
  it('gives his instances to the oldest other who is let in', async () => {
    const like = { role: 0, createdAt: NOW }
    const blocked = await givenUser({ ...like, createdAt: 1 })
    await env.DB.prepare('UPDATE users SET blocked_at = 1 WHERE id = ?').bind(blocked.id).run()
    const younger = await givenUser({ ...like, createdAt: 3 })
    const older = await givenUser({ ...like, createdAt: 2 })
    const instanceId = await givenInstance(ROOT)
    expect(await deleteUser(env.DB, ROOT)).toBe('deleted')
    expect(await ownerOf(instanceId)).toBe(older.id)
    // Nor does anything go to the first one from then on.
    const user = await givenUser()
    const another = await givenInstance(user.id)
    expect(await deleteUser(env.DB, user.id)).toBe('deleted')
    expect(await ownerOf(another)).toBe(older.id)
    // Of the two that are left only one can go.
    const outcomes = await Promise.all([older.id, younger.id].map((id) => deleteUser(env.DB, id)))
    expect(outcomes.toSorted()).toEqual(['deleted', 'last-administrator'])
  })
})
