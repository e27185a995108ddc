import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type ApiKey,
  deleteKey,
  findKey,
  findOwnKey,
  insertKey,
  listKeys,
  type NewApiKey,
  touchKey,
  updateKey,
} from '../../src/db/api-keys.ts'
import { newId } from '../../src/db/id.ts'
import { beginIdempotent } from '../../src/db/idempotency.ts'
import { blockUser } from '../../src/db/users.ts'
import { entry, first, givenUser, logged, NOW, numbers, readAll, total } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'

const HOUR = 3_600_000

/** A key of this user, whose digest is its id. */
function newKey(ownerId: string, like: Partial<NewApiKey> = {}): NewApiKey {
  const id = newId('key')
  return {
    id,
    ownerId,
    name: 'CI',
    hash: id,
    hint: 'tw_abcd',
    scopes: ['events:read', 'endpoints:write'],
    rateLimit: null,
    expiresAt: null,
    createdAt: NOW,
    ...like,
  }
}

async function givenKey(like: Partial<NewApiKey> = {}) {
  const owner = await givenUser()
  const key = await insertKey(env.DB, newKey(owner.id, like))
  if (typeof key === 'string') throw new Error(key)
  return { owner, key }
}

describe('A key', () => {
  it('is stored, counted, audited, and shown without its digest', async () => {
    const owner = await givenUser()
    const key = newKey(owner.id, { rateLimit: 100, expiresAt: NOW + HOUR })
    const stored = await insertKey(env.DB, key, entry(key.id))
    const { hash: _, ...shown } = key
    expect(stored).toEqual({ ...shown, lastUsedAt: null, updatedAt: NOW, revision: 0 })
    expect(await findOwnKey(env.DB, owner.id, key.id)).toEqual(stored)
    expect(await total(env.DB, 'api_keys', owner.id)).toBe(1)
    expect(await logged(key.id)).toHaveLength(1)
  })

  it('of nobody is not stored, nor of who is blocked or waits, nor audited', async () => {
    const [blocked, waiting] = [await givenUser(), await givenUser({ state: 'waiting-for-approval' })]
    await blockUser(env.DB, blocked.id, { reason: null, now: NOW })
    for (const ownerId of ['usr_nobody', blocked.id, waiting.id]) {
      const key = newKey(ownerId)
      expect(await insertKey(env.DB, key, entry(key.id), { most: 9 })).toBe('owner-shut-out')
      expect(await findOwnKey(env.DB, null, key.id)).toBeNull()
      expect(await logged(key.id)).toEqual([])
    }
  })

  it('is one of as many as its owner may have', async () => {
    const { owner } = await givenKey()
    const key = newKey(owner.id)
    expect(await insertKey(env.DB, key, entry(key.id), { most: 1 })).toBe('full')
    expect(await logged(key.id)).toEqual([])
    expect(await insertKey(env.DB, key, entry(key.id), { most: 2 })).toMatchObject({ id: key.id })
  })

  it('may be made for who is shut out, of nobody not, and no more than he may have', async () => {
    const owner = await givenUser()
    await blockUser(env.DB, owner.id, { reason: null, now: NOW })
    const terms = { most: 1, evenShutOut: true }
    expect(await insertKey(env.DB, newKey(owner.id), undefined, terms)).toMatchObject({ ownerId: owner.id })
    expect(await insertKey(env.DB, newKey(owner.id), undefined, terms)).toBe('full')
    expect(await insertKey(env.DB, newKey('usr_nobody'), undefined, terms)).toBe('owner-shut-out')
  })

  it('lets its owner in until it expires', async () => {
    const { owner, key } = await givenKey({ expiresAt: NOW + HOUR })
    expect(await findKey(env.DB, key.id, NOW + HOUR - 1)).toEqual({ key, user: owner })
    expect(await findKey(env.DB, key.id, NOW + HOUR)).toBeNull()
    expect(await findKey(env.DB, 'another digest', NOW)).toBeNull()
  })

  it('without an end lets him in for ever, but not while he is blocked or waits', async () => {
    const { owner, key } = await givenKey()
    expect(await findKey(env.DB, key.id, NOW * 2)).toMatchObject({ user: { id: owner.id } })
    await blockUser(env.DB, owner.id, { reason: null, now: NOW })
    expect(await findKey(env.DB, key.id, NOW)).toBeNull()
    const waiting = await givenKey()
    await env.DB.prepare("UPDATE users SET state = 'waiting-for-email' WHERE id = ?")
      .bind(waiting.owner.id)
      .run()
    expect(await findKey(env.DB, waiting.key.id, NOW)).toBeNull()
  })

  it('of somebody else is as good as none', async () => {
    const { key } = await givenKey()
    const other = await givenUser()
    expect(await findOwnKey(env.DB, other.id, key.id)).toBeNull()
    await beginIdempotent(env.DB, { caller: key.id, key: 'k', fingerprint: '', now: NOW })
    const changes = { name: 'mine', updatedAt: NOW }
    expect(await updateKey(env.DB, other.id, key.id, changes, null, entry(key.id))).toBe('missing')
    expect(await deleteKey(env.DB, other.id, key.id, entry(key.id))).toBe(false)
    expect(await findKey(env.DB, key.id, NOW)).toMatchObject({ key })
    expect(await first('SELECT 1 AS one FROM idempotency_keys WHERE caller = ?', key.id)).toEqual({ one: 1 })
    expect(await logged(key.id)).toEqual([])
  })
})

describe('A change of a key', () => {
  it('counts its revision up, leaves the rest, and is audited', async () => {
    const { owner, key } = await givenKey({ expiresAt: NOW + HOUR })
    const changes = { scopes: ['feeds:read'], rateLimit: 5, expiresAt: null, updatedAt: NOW + 1 }
    const changed = await updateKey(env.DB, owner.id, key.id, changes, 0, entry(key.id))
    expect(changed).toEqual({ ...key, ...changes, revision: 1 })
    expect(await findOwnKey(env.DB, owner.id, key.id)).toEqual(changed)
    expect(await logged(key.id)).toHaveLength(1)
  })

  it('of twenty that began from the same revision is done once', async () => {
    const { owner, key } = await givenKey()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        updateKey(env.DB, owner.id, key.id, { name: `n${index}`, updatedAt: NOW }, 0, entry(key.id)),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(19)
    expect(await logged(key.id)).toHaveLength(1)
    expect(await updateKey(env.DB, owner.id, key.id, { name: 'any', updatedAt: NOW }, null)).toMatchObject({
      name: 'any',
      revision: 2,
    })
  })
})

describe('Revoking', () => {
  it('is at once, once, and forgets the answers to the key, not to its owner', async () => {
    const { owner, key } = await givenKey()
    for (const caller of [key.id, owner.id]) {
      await beginIdempotent(env.DB, { caller, key: 'k', fingerprint: '', now: NOW })
    }
    // An id that is no key's.
    expect(await deleteKey(env.DB, owner.id, owner.id)).toBe(false)
    expect(await deleteKey(env.DB, owner.id, key.id, entry(key.id))).toBe(true)
    expect(await findKey(env.DB, key.id, NOW)).toBeNull()
    const left = 'SELECT group_concat(caller) AS callers FROM idempotency_keys WHERE caller IN (?, ?)'
    expect(await first(left, key.id, owner.id)).toEqual({ callers: owner.id })
    expect(await total(env.DB, 'api_keys', owner.id)).toBe(0)
    expect(await deleteKey(env.DB, owner.id, key.id, entry(key.id))).toBe(false)
    expect(await logged(key.id)).toHaveLength(1)
  })
})

describe('Revoking from a state that is no longer so', () => {
  it('revokes nothing, forgets no answer, and is not audited', async () => {
    const { owner, key } = await givenKey()
    await beginIdempotent(env.DB, { caller: key.id, key: 'k', fingerprint: '', now: NOW })
    await updateKey(env.DB, owner.id, key.id, { name: 'meanwhile', updatedAt: NOW }, 0)
    expect(await deleteKey(env.DB, owner.id, key.id, entry(key.id), 0)).toBe(false)
    expect(await findKey(env.DB, key.id, NOW)).toMatchObject({ key: { name: 'meanwhile' } })
    const remembered = 'SELECT count(*) AS count FROM idempotency_keys WHERE caller = ?'
    expect(await first(remembered, key.id)).toEqual({ count: 1 })
    expect(await logged(key.id)).toEqual([])
    expect(await deleteKey(env.DB, owner.id, key.id, entry(key.id), 1)).toBe(true)
    expect(await first(remembered, key.id)).toEqual({ count: 0 })
  })
})

describe('The last use of a key', () => {
  it('is noted once a minute, and is no change', async () => {
    const { owner, key } = await givenKey()
    const { db, cost } = countCosts(env.DB)
    const lastUse = async () => {
      const { lastUsedAt, revision } = (await findOwnKey(env.DB, owner.id, key.id)) ?? {}
      expect(revision).toBe(0)
      return lastUsedAt
    }
    await touchKey(db, key.id, NOW)
    expect(await lastUse()).toBe(NOW)
    await touchKey(db, key.id, NOW + 59_999)
    expect(await lastUse()).toBe(NOW)
    await Promise.all(Array.from({ length: 10 }, () => touchKey(db, key.id, NOW + 60_000)))
    expect(await lastUse()).toBe(NOW + 60_000)
    expect(cost.rowsWritten).toBe(2)
  })
})

describe('Among 20,000 keys', () => {
  const KEYS = 20_000
  const OWNER = 'usr_many'

  beforeAll(async () => {
    await givenUser({ id: OWNER, username: 'many' })
    // Every other one is somebody else's; ten of each moment.
    await env.DB.prepare(
      `${numbers(2 * KEYS)} INSERT INTO api_keys (id, owner_id, name, hash, hint, scopes, created_at, updated_at)
       SELECT format('key_%05d', i), iif(i % 2, '${OWNER}', 'usr_administrator'), '', 'hash ' || i, '', '[]', i / 10, 0 FROM n`,
    ).run()
  })

  it('one is found in one statement of two rows', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await findKey(db, 'hash 7', NOW)).toMatchObject({ key: { id: 'key_00007' }, user: { id: OWNER } })
    expect(cost).toEqual({ roundTrips: 1, rowsRead: 2, rowsWritten: 0 })
    expect(await findKey(db, 'none', NOW)).toBeNull()
    expect(cost.rowsRead).toBe(2)
  })

  it.each(['createdAt', '-createdAt'] as const)(
    'pages by cursor in the order of %s tell of each of his once, and read their rows however deep',
    async (sort) => {
      const { db, cost } = countCosts(env.DB)
      const { rows, pages } = await readAll<ApiKey>(async (after) => {
        const page = await listKeys(db, OWNER, { start: 0, count: 1_000, sort, after })
        expect(page.total).toBe(KEYS)
        return page
      })
      const expected = Array.from(
        { length: KEYS },
        (_, index) => `key_${String(2 * index + 1).padStart(5, '0')}`,
      )
      expect(rows.map(({ id }) => id)).toEqual(sort === 'createdAt' ? expected : expected.toReversed())
      expect(cost.roundTrips).toBe(pages)
      expect(cost.rowsRead).toBeLessThanOrEqual(2 * KEYS + 3 * pages)
    },
  )

  it('a page near the beginning skips by number', async () => {
    const { db, cost } = countCosts(env.DB)
    const { rows: keys } = await listKeys(db, OWNER, { start: 50, count: 10, sort: 'createdAt' })
    expect(keys[0]?.id).toBe('key_00101')
    expect(keys).toHaveLength(10)
    expect(cost.rowsRead).toBeLessThanOrEqual(2 * 60 + 1)
  })

  it('who has none has an empty list', async () => {
    const { id } = await givenUser()
    expect(await listKeys(env.DB, id, { start: 0, count: 10, sort: 'createdAt' })).toEqual({
      total: 0,
      rows: [],
    })
  })

  it('one is made, changed and revoked in a round trip each, of a few rows', async () => {
    const { db, cost } = countCosts(env.DB)
    const key = newKey(OWNER)
    await insertKey(db, key, entry(key.id))
    await updateKey(db, OWNER, key.id, { name: 'x', updatedAt: NOW }, 0, entry(key.id))
    await deleteKey(db, OWNER, key.id, entry(key.id))
    expect(cost.roundTrips).toBe(3)
    expect(cost.rowsRead).toBeLessThanOrEqual(25)
  })
})
