/** @module What streams ask of the database, and what that costs. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { eventsAfter, newestSequence } from '../../src/db/stream-events.ts'
import { type Credential, stillHeld } from '../../src/db/stream-rights.ts'
import { insertStreamTicket, useStreamTicket } from '../../src/db/stream-tickets.ts'
import { NOW, numbers } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'
import { logRow, setLog } from '../support/events.ts'

const MANY = 2_000

/** Users with a session and a key each. */
beforeAll(async () => {
  await env.DB.batch([
    env.DB.prepare(
      `${numbers(MANY)} INSERT INTO users (id, role, created_at, username) SELECT 'usr_' || i, 2, 1, 'u' || i FROM n`,
    ),
    env.DB.prepare(
      `${numbers(MANY)} INSERT INTO sessions (user_id, id, access_hash, access_expires_at, refresh_hash, refresh_expires_at, created_at)
       SELECT 'usr_' || i, 'ses_' || i, 'a' || i, ${NOW}, 'r' || i, ${NOW * 2}, 1 FROM n`,
    ),
    env.DB.prepare(
      `${numbers(MANY)} INSERT INTO api_keys (id, owner_id, name, hash, hint, scopes, created_at, updated_at)
       SELECT 'key_' || i, 'usr_' || i, '', 'k' || i, '', '["instances:read","events:read"]', 1, 1 FROM n`,
    ),
    env.DB.prepare(
      `${numbers(MANY)} INSERT INTO stream_tickets SELECT 't' || i, 'usr_' || i, NULL, NULL, ${NOW * 2} FROM n`,
    ),
  ])
})

const credentials = (count: number): Credential[] =>
  Array.from({ length: count }, (_, index) => ({
    kind: index % 2 === 0 ? 'session' : 'key',
    id: `${index % 2 === 0 ? 'ses' : 'key'}_${index}`,
    userId: `usr_${index}`,
  }))

describe('Rights of those who listen', () => {
  it('of a thousand are looked at in one statement, of a few rows each', async () => {
    const asked = credentials(1_000)
    const { db, cost } = countCosts(env.DB)
    expect((await stillHeld(db, asked, 'events:read', NOW)).size).toBe(1_000)
    expect(cost.roundTrips).toBe(1)
    // Twice what it takes of each: his account, and his session or his key with its two scopes.
    expect(cost.rowsRead).toBeLessThanOrEqual(1_000 * 8)
  })

  it.each([
    ['a session of somebody else', { kind: 'session', id: 'ses_1', userId: 'usr_2' }],
    ['a session that is not there', { kind: 'session', id: 'ses_x', userId: 'usr_1' }],
    ['a key of somebody else', { kind: 'key', id: 'key_1', userId: 'usr_2' }],
    ['a key as a session', { kind: 'session', id: 'key_1', userId: 'usr_1' }],
    ['somebody who is not there', { kind: 'key', id: 'key_1', userId: 'usr_x' }],
    ['the operator, who is not asked of the database', { kind: 'operator', digest: '' }],
  ] as const)('are not held by %s', async (_name, credential) => {
    expect((await stillHeld(env.DB, [credential], 'events:read', NOW)).size).toBe(0)
  })

  it('end with the scope, and with time', async () => {
    const [session, key] = credentials(2)
    if (!session || !key) throw new Error('there are two')
    expect(await stillHeld(env.DB, [session, key], 'feeds:read', NOW)).toEqual(new Set([session]))
    expect(await stillHeld(env.DB, [session, key], 'events:read', NOW * 2)).toEqual(new Set([key]))
  })

  it('of nobody cost nothing', async () => {
    const { db, cost } = countCosts(env.DB)
    expect((await stillHeld(db, [], 'events:read', NOW)).size).toBe(0)
    expect(cost.roundTrips).toBe(0)
  })
})

describe('A ticket', () => {
  it('costs a few rows among thousands', async () => {
    const { db, cost } = countCosts(env.DB)
    await insertStreamTicket(db, {
      hash: 'one',
      userId: 'usr_1',
      sessionId: 'ses_1',
      apiKeyId: null,
      expiresAt: NOW + 1,
    })
    expect(await useStreamTicket(db, 'one', NOW)).toMatchObject({
      user: { id: 'usr_1' },
      sessionId: 'ses_1',
      key: null,
    })
    expect(await useStreamTicket(db, 'one', NOW)).toBeNull()
    expect(cost.roundTrips).toBe(3)
    expect(cost.rowsRead).toBeLessThanOrEqual(10)
  })

  it('of a key tells what the key may', async () => {
    await insertStreamTicket(env.DB, {
      hash: 'two',
      userId: 'usr_1',
      sessionId: null,
      apiKeyId: 'key_1',
      expiresAt: NOW + 1,
    })
    expect(await useStreamTicket(env.DB, 'two', NOW)).toMatchObject({
      key: { id: 'key_1', scopes: ['instances:read', 'events:read'], rateLimit: null },
    })
  })
})

describe('The events after a sequence', () => {
  it('are everybody’s, a page of so many or so long, and are read and no others', async () => {
    const rows = Array.from({ length: 1_000 }, (_, index) =>
      logRow({
        sequence: index + 1,
        ownerId: index % 2 === 0 ? null : 'usr_1',
        data: JSON.stringify('x'.repeat(98)),
      }),
    )
    await setLog(rows)
    const { db, cost } = countCosts(env.DB)
    const page = await eventsAfter(db, 900, { rows: 10, bytes: 1_000_000 })
    expect(page.events.map(({ sequence, ownerId }) => [sequence, ownerId])).toEqual(
      rows.slice(900, 910).map(({ sequence, ownerId }) => [sequence, ownerId]),
    )
    expect(page.isEnd).toBe(false)
    expect(cost.rowsRead).toBeLessThanOrEqual(10 * 4)
    expect(await eventsAfter(db, 900, { rows: 500, bytes: 1_000 })).toMatchObject({
      isEnd: false,
      events: { length: 10 },
    })
    expect(await eventsAfter(db, 900, { rows: 500, bytes: 1_000_000 })).toMatchObject({
      isEnd: true,
      events: { length: 100 },
    })
    expect(await eventsAfter(db, 1_000, { rows: 500, bytes: 1_000_000 })).toEqual({ isEnd: true, events: [] })
  })

  it('begin after the newest, which costs a row', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await newestSequence(db)).toBe(1_000)
    expect(cost).toMatchObject({ roundTrips: 1, rowsRead: 1 })
    await setLog([])
    expect(await newestSequence(db)).toBe(0)
  })
})
