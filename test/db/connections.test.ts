/** @module Connections in the database: what each statement does, and what it costs. */
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  claimRefresh,
  expireWrite,
  findHeld,
  releaseRefresh,
  storeRefreshed,
} from '../../src/db/connection-refresh.ts'
import {
  deleteConnection,
  findAccount,
  findConnection,
  insertConnection,
  listConnections,
  renewConnection,
  sessionsAtInstances,
  type Wanted,
} from '../../src/db/connections.ts'
import { newId } from '../../src/db/id.ts'
import {
  deleteInstance,
  findInstance,
  insertInstance,
  makeDue,
  pauseInstance,
} from '../../src/db/instances.ts'
import { commitSetback, dueSources } from '../../src/db/polls.ts'
import { NEVER } from '../../src/db/readable.ts'
import { blockUser, deleteUser, unblockUser } from '../../src/db/users.ts'
import { entry, givenUser, logged, NOW, numbers, total } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'

const ALL: Wanted = { notifications: true, comments: true, subscriptions: true }
const NOTIFICATIONS: Wanted = { notifications: true, comments: false, subscriptions: false }

let ownerId: string
let instanceId: string
beforeEach(async () => {
  ownerId = (await givenUser()).id
  instanceId = await givenInstance()
})

async function givenInstance(): Promise<string> {
  const host = newId('ins')
  const instance = { ownerId: 'usr_administrator', origin: `https://${host}`, host, name: '', version: '' }
  return String(await insertInstance(env.DB, { ...instance, createdAt: NOW }, []))
}

const login = (tokens: string) => ({ role: 2, tokens, expiresAt: NOW + 100 })

async function connect(wanted = NOTIFICATIONS, username = 'alice', terms = {}): Promise<string> {
  const id = newId('con')
  const made = await insertConnection(
    env.DB,
    { id, ownerId, instanceId, username, createdAt: NOW, ...login('sealed') },
    wanted,
    entry(id),
    terms,
  )
  if (made !== 'made') throw new Error(made)
  return id
}

const sourcesOf = async (id: string) =>
  (
    await env.DB.prepare(
      `SELECT kind, target, owner_id AS ownerId, due_at AS dueAt, max_delay_ms AS maxDelayMs, checkpoint, revision
       FROM sources WHERE connection_id = ? ORDER BY kind`,
    )
      .bind(id)
      .all<{ kind: string; dueAt: number; revision: number }>()
  ).results
const dueAt = async (id: string) => (await sourcesOf(id)).map((source) => source.dueAt)

/** Its first source, as a poll has it. */
async function dueSource(id: string) {
  const found = (await dueSources(env.DB, instanceId, NEVER)).find(({ connectionId }) => connectionId === id)
  if (!found) throw new Error(`${id} has no source`)
  return found
}

/** Commits that a connection has expired. */
async function expire(id: string, revision: number, source?: Awaited<ReturnType<typeof dueSource>>) {
  const polled = source ?? (await dueSource(id))
  const write = expireWrite({ id, revision }, { sourceId: polled.id, detail: 'it ended', now: NOW + 5 })
  return commitSetback(env.DB, polled, newId('poll'), {
    now: NOW + 5,
    dueAt: NEVER,
    dueReason: 'expired',
    failure: null,
    events: [],
    writes: [write],
  })
}

describe('A connection', () => {
  it('is made with what is to be read of it, is audited, and is counted', async () => {
    const id = await connect(ALL)
    expect(await sourcesOf(id)).toEqual(
      [
        { kind: 'comments', target: `connection:${id}`, maxDelayMs: null },
        { kind: 'notifications', target: `connection:${id}`, maxDelayMs: null },
        { kind: 'videos', target: `subscriptions:${id}`, maxDelayMs: null },
      ].map((source) => ({ ...source, ownerId, dueAt: NOW, checkpoint: '{}', revision: 0 })),
    )
    expect(await findConnection(env.DB, id, ownerId)).toMatchObject({
      state: 'active',
      username: 'alice',
      tokens: 'sealed',
      host: (await findInstance(env.DB, instanceId))?.host,
      sources: [{ connectionId: id }, { connectionId: id }, { connectionId: id }],
    })
    expect(await logged(id)).toHaveLength(1)
    expect(await total(env.DB, 'connections', ownerId)).toBe(1)
  })

  it('is nobody else’s, and no source of the instance', async () => {
    const id = await connect()
    const other = await givenUser()
    expect(await findConnection(env.DB, id, other.id)).toBeNull()
    expect(await findConnection(env.DB, id, null)).toMatchObject({ id })
    expect(await findAccount(env.DB, { ownerId: other.id, instanceId, username: 'alice' })).toBeNull()
    expect(await findAccount(env.DB, { ownerId, instanceId, username: 'alice' })).toBe(id)
    expect((await findInstance(env.DB, instanceId))?.sources.map(({ kind }) => kind)).not.toContain(
      'notifications',
    )
  })

  it.each([
    ['taken', 'for an account that its owner has', async () => void (await connect())],
    ['full', 'beyond what he may have', async () => void (await connect(NOTIFICATIONS, 'bob'))],
    ['owner-shut-out', 'for who is blocked', () => blockUser(env.DB, ownerId, { reason: null, now: NOW })],
    [
      'instance-gone',
      'to an instance that is gone',
      () => deleteInstance(env.DB, instanceId, null, entry('x')),
    ],
  ])('is %s %s: then nothing is stored', async (why, _when, given) => {
    await given()
    const id = newId('con')
    const connection = { id, ownerId, instanceId, username: 'alice', createdAt: NOW, ...login('other') }
    const most = why === 'full' ? 1 : 5
    expect(await insertConnection(env.DB, connection, ALL, entry(id), { most })).toBe(why)
    expect(await findConnection(env.DB, id, null)).toBeNull()
    expect(await sourcesOf(id)).toEqual([])
    expect(await logged(id)).toEqual([])
  })

  it('to a paused instance waits until that is resumed', async () => {
    const change = { isPaused: true, revision: 0, now: NOW }
    await pauseInstance(env.DB, instanceId, change, entry('x'))
    const id = await connect()
    expect(await dueAt(id)).toEqual([NEVER])
    await pauseInstance(env.DB, instanceId, { isPaused: false, revision: 1, now: NOW + 9 }, entry('x'))
    expect(await dueAt(id)).toEqual([NOW + 9])
  })

  it('goes with its sources, at the revision that was seen', async () => {
    const id = await connect(ALL)
    expect(await deleteConnection(env.DB, id, 7, entry(id))).toBe(false)
    expect(await deleteConnection(env.DB, id, 0, entry(id))).toBe(true)
    expect(await sourcesOf(id)).toEqual([])
    expect(await total(env.DB, 'connections', ownerId)).toBe(0)
    expect(await deleteConnection(env.DB, id, null, entry(id))).toBe(false)
    expect(await logged(id)).toHaveLength(2)
  })

  it('goes with its instance, and with its owner', async () => {
    const first = await connect(ALL)
    await deleteInstance(env.DB, instanceId, null, entry('x'))
    expect(await findConnection(env.DB, first, null)).toBeNull()
    instanceId = await givenInstance()
    const second = await connect(ALL)
    expect(await sessionsAtInstances(env.DB, { ownerId })).toMatchObject([{ id: second, tokens: 'sealed' }])
    expect(await sessionsAtInstances(env.DB, { instanceId })).toHaveLength(1)
    expect(await deleteUser(env.DB, ownerId)).toBe('deleted')
    expect(await findConnection(env.DB, second, null)).toBeNull()
    expect(await sourcesOf(second)).toEqual([])
  })
})

describe('A new login', () => {
  it('makes an expired connection active, and its sources due; none is lost, what is wanted comes', async () => {
    const id = await connect()
    await expire(id, 0)
    expect(await findConnection(env.DB, id, null)).toMatchObject({
      state: 'expired',
      tokens: null,
      lastError: 'it ended',
    })
    const wanted = { notifications: false, comments: true, subscriptions: false }
    const renewed = await renewConnection(env.DB, id, login('new'), wanted, NOW + 9, entry(id))
    expect(renewed).toEqual({ replaced: null })
    expect(await findConnection(env.DB, id, null)).toMatchObject({
      state: 'active',
      tokens: 'new',
      lastError: null,
      revision: 2,
    })
    const sources = await sourcesOf(id)
    expect(sources.map(({ kind }) => kind)).toEqual(['comments', 'notifications'])
    expect(sources.map((source) => source.dueAt)).toEqual([NOW + 9, NOW + 9])
  })

  it('supersedes a poll and a refresh that began before it, and gives back what it replaced', async () => {
    const id = await connect()
    const polled = await dueSource(id)
    const held = await findHeld(env.DB, id)
    if (!held) throw new Error('gone')
    await claimRefresh(env.DB, held, NOW)
    const renewed = await renewConnection(env.DB, id, login('new'), NOTIFICATIONS, NOW, entry(id))
    expect(renewed).toEqual({ replaced: 'sealed' })
    expect(await storeRefreshed(env.DB, { id, revision: 1 }, { tokens: 'late', expiresAt: 1 })).toBe(false)
    expect(await expire(id, 1, polled)).toEqual({ kind: 'superseded' })
    expect(await findConnection(env.DB, id, null)).toMatchObject({ state: 'active', tokens: 'new' })
  })

  it('of nothing, or of who is blocked, is none', async () => {
    expect(await renewConnection(env.DB, 'con_x', login('new'), ALL, NOW, entry('con_x'))).toBe('missing')
    const id = await connect()
    await blockUser(env.DB, ownerId, { reason: null, now: NOW })
    expect(await renewConnection(env.DB, id, login('new'), ALL, NOW, entry('con_x'))).toBe('owner-shut-out')
    expect(await logged('con_x')).toEqual([])
    expect(await dueAt(id)).toEqual([NEVER])
  })
})

describe('A refresh', () => {
  it('is one’s who claimed it, until it is stored or released', async () => {
    const id = await connect()
    const held = await findHeld(env.DB, id)
    if (!held) throw new Error('gone')
    const claims = await Promise.all([claimRefresh(env.DB, held, NOW), claimRefresh(env.DB, held, NOW)])
    expect(claims.toSorted()).toEqual([false, true])
    expect(await storeRefreshed(env.DB, { id, revision: 0 }, { tokens: 'x', expiresAt: 1 })).toBe(false)
    const pair = { tokens: 'new', expiresAt: NOW + 7 }
    // Twice: the first answer may have been lost.
    expect(await storeRefreshed(env.DB, { id, revision: 1 }, pair)).toBe(true)
    expect(await storeRefreshed(env.DB, { id, revision: 1 }, pair)).toBe(true)
    const stored = { tokens: 'new', expiresAt: NOW + 7, refreshingSince: null, revision: 2 }
    expect(await findHeld(env.DB, id)).toMatchObject(stored)
    expect(await storeRefreshed(env.DB, { id, revision: 1 }, { ...pair, tokens: 'other' })).toBe(false)
  })

  it('that is left over is taken over by one', async () => {
    const id = await connect()
    const held = await findHeld(env.DB, id)
    if (!held) throw new Error('gone')
    await claimRefresh(env.DB, held, NOW)
    const left = { id, revision: 1, refreshingSince: NOW }
    const claims = await Promise.all([
      claimRefresh(env.DB, left, NOW + 9),
      claimRefresh(env.DB, left, NOW + 9),
    ])
    expect(claims.toSorted()).toEqual([false, true])
    await releaseRefresh(env.DB, { id, revision: 1 }, 'late')
    expect(await findHeld(env.DB, id)).toMatchObject({ refreshingSince: NOW + 9, revision: 2 })
    await releaseRefresh(env.DB, { id, revision: 2 }, 'it failed')
    expect(await findConnection(env.DB, id, null)).toMatchObject({
      refreshingSince: null,
      lastError: 'it failed',
      tokens: 'sealed',
      revision: 3,
    })
  })
})

describe('An expired connection', () => {
  it('is read no more, by any of its sources, until a new login', async () => {
    const id = await connect(ALL)
    expect(await expire(id, 0)).toMatchObject({ kind: 'committed' })
    expect(await dueAt(id)).toEqual([NEVER, NEVER, NEVER])
    await makeDue(env.DB, instanceId, NOW, entry('x'))
    await pauseInstance(env.DB, instanceId, { isPaused: true, revision: 0, now: NOW }, entry('x'))
    await pauseInstance(env.DB, instanceId, { isPaused: false, revision: 1, now: NOW }, entry('x'))
    await blockUser(env.DB, ownerId, { reason: null, now: NOW })
    await unblockUser(env.DB, ownerId, { now: NOW })
    expect(await dueAt(id)).toEqual([NEVER, NEVER, NEVER])
  })

  it('is not made due again by a poll of another of its sources that is under way', async () => {
    const id = await connect(ALL)
    const due = await dueSources(env.DB, instanceId, NEVER)
    const [first, second] = due.filter(({ connectionId }) => connectionId === id)
    if (!first || !second) throw new Error('there are no sources')
    await expire(id, 0, first)
    expect(await expire(id, 1, second)).toEqual({ kind: 'superseded' })
  })

  it('is none when its revision has moved, or its poll was superseded', async () => {
    const id = await connect()
    const polled = await dueSource(id)
    await expire(id, 5)
    expect(await findConnection(env.DB, id, null)).toMatchObject({ state: 'active', tokens: 'sealed' })
    expect(await expire(id, 0, polled)).toEqual({ kind: 'superseded' })
    expect(await findConnection(env.DB, id, null)).toMatchObject({ state: 'active', tokens: 'sealed' })
  })
})

describe('Of who is blocked', () => {
  it('connections are not read, whatever else happens, until he is let in again', async () => {
    const id = await connect(ALL)
    const polled = await dueSource(id)
    await blockUser(env.DB, ownerId, { reason: null, now: NOW + 1 })
    expect(await dueAt(id)).toEqual([NEVER, NEVER, NEVER])
    // A poll that is under way would make it due again.
    expect(await expire(id, 0, polled)).toEqual({ kind: 'superseded' })
    await makeDue(env.DB, instanceId, NOW, entry('x'))
    await pauseInstance(env.DB, instanceId, { isPaused: true, revision: 0, now: NOW }, entry('x'))
    await pauseInstance(env.DB, instanceId, { isPaused: false, revision: 1, now: NOW }, entry('x'))
    expect(await dueAt(id)).toEqual([NEVER, NEVER, NEVER])
    await unblockUser(env.DB, ownerId, { now: NOW + 2 })
    expect(await dueAt(id)).toEqual([NOW + 2, NOW + 2, NOW + 2])
  })

  it('they stay unread at an instance that is paused', async () => {
    const id = await connect()
    await pauseInstance(env.DB, instanceId, { isPaused: true, revision: 0, now: NOW }, entry('x'))
    await blockUser(env.DB, ownerId, { reason: null, now: NOW })
    await unblockUser(env.DB, ownerId, { now: NOW })
    expect(await dueAt(id)).toEqual([NEVER])
  })
})

describe('Among 10,000 connections', () => {
  let mine: string
  beforeAll(async () => {
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO instances (id, owner_id, origin, host, name, version, created_at)
         VALUES ('ins_many', 'usr_administrator', 'https://many', 'many', '', '', 0)`,
      ),
      env.DB.prepare(
        `${numbers(10_000)} INSERT INTO connections (id, owner_id, instance_id, username, role, tokens, expires_at, created_at)
         SELECT 'con_' || i, 'usr_administrator', 'ins_many', 'u' || i, 2, 't', 0, i FROM n`,
      ),
      env.DB.prepare(
        `${numbers(10_000)} INSERT INTO sources (id, instance_id, kind, target, connection_id, owner_id, due_at, checkpoint, created_at)
         SELECT 'src_' || i, 'ins_many', 'notifications', 'connection:con_' || i, 'con_' || i, 'usr_administrator', 0, '{}', 0 FROM n`,
      ),
    ])
  })
  beforeEach(async () => {
    mine = await connect()
  })

  const list = { start: 0, count: 15, sort: '-createdAt' }

  it.each([
    ['one’s own', () => ownerId, 1, 10],
    ['one owner’s', () => 'usr_administrator', 15, 120],
    ['everybody’s', () => null, 15, 120],
  ])('a page of %s reads a few rows each', async (_whose, whose, rows, most) => {
    const { db, cost } = countCosts(env.DB)
    expect((await listConnections(db, whose(), list)).rows).toHaveLength(rows)
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(most)
  })

  it('a poll, a refresh and its end read a few rows', async () => {
    const { db, cost } = countCosts(env.DB)
    const held = await findHeld(db, mine)
    if (!held) throw new Error('gone')
    expect(cost.rowsRead).toBeLessThanOrEqual(2)
    await claimRefresh(db, held, NOW)
    await storeRefreshed(db, { id: mine, revision: 1 }, { tokens: 'n', expiresAt: 1 })
    expect(cost.rowsRead).toBeLessThanOrEqual(8)
    expect(cost.rowsWritten).toBeLessThanOrEqual(4)
  })

  it('one is made, renewed and deleted at a few rows, a round trip each', async () => {
    const { db, cost } = countCosts(env.DB)
    const id = newId('con')
    const connection = { id, ownerId, instanceId, username: 'bob', createdAt: NOW, ...login('s') }
    await insertConnection(db, connection, ALL, entry('usr_cost'), { most: 9 })
    await renewConnection(db, id, login('n'), ALL, NOW, entry('usr_cost'))
    await deleteConnection(db, id, null, entry('usr_cost'))
    expect(cost.roundTrips).toBe(3)
    expect(cost.rowsRead).toBeLessThanOrEqual(120)
  })

  it('a user is deleted at a few rows', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await deleteUser(db, ownerId)).toBe('deleted')
    expect(cost.rowsRead).toBeLessThanOrEqual(150)
  })

  it('a user is blocked and unblocked at a few rows', async () => {
    const { db, cost } = countCosts(env.DB)
    await blockUser(db, ownerId, { reason: null, now: NOW })
    await unblockUser(db, ownerId, { now: NOW })
    expect(cost.rowsRead).toBeLessThanOrEqual(60)
  })
})
