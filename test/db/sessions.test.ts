/** @module Sessions: one a user, refresh tokens that work once, and nothing for whoever is shut out. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { beginIdempotent } from '../../src/db/idempotency.ts'
import {
  cleanUp,
  endSession,
  findSession,
  isSuperseded,
  type NewSession,
  type Rotation,
  rotateSession,
  sessionExpiry,
  startSession,
} from '../../src/db/sessions.ts'
import { findUserByLink, insertSignInLink } from '../../src/db/sign-in-links.ts'
import { blockUser, findUser } from '../../src/db/users.ts'
import { entry, first, givenUser, logged, NOW, numbers } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** A login of this user whose tokens are called after `name`. */
function login(userId: string, name: string, like: Partial<NewSession> = {}): NewSession {
  return {
    userId,
    sessionId: `ses_${name}`,
    accessHash: `access ${name}`,
    refreshHash: `refresh ${name}`,
    accessExpiresAt: NOW + DAY,
    refreshExpiresAt: NOW + 14 * DAY,
    now: NOW,
    ...like,
  }
}

/** A refresh that gives the tokens of `to` for those of `from`. */
function rotation(from: string, to: string, now = NOW + HOUR): Rotation {
  return {
    refreshHash: `refresh ${from}`,
    newAccessHash: `access ${to}`,
    newRefreshHash: `refresh ${to}`,
    accessExpiresAt: now + DAY,
    refreshExpiresAt: now + 14 * DAY,
    now,
  }
}

/** Who is let in by the access token of this name. */
const whoIs = async (name: string, now = NOW + HOUR) =>
  (await findSession(env.DB, `access ${name}`, now))?.user.id ?? null

/** A user who is logged in with tokens of this name. */
async function loggedIn(name: string) {
  const user = await givenUser({ passwordHash: 'hash' })
  expect(await startSession(env.DB, login(user.id, name))).toBe(true)
  return user
}

describe('A login', () => {
  it('lets its user in until it expires, notes when it was, and is audited', async () => {
    const user = await givenUser()
    expect(await startSession(env.DB, login(user.id, 'a'), entry(user.id))).toBe(true)
    expect(await findSession(env.DB, 'access a', NOW + DAY - 1)).toEqual({
      user: { ...user, lastLoginAt: NOW },
      sessionId: 'ses_a',
    })
    expect(await whoIs('a', NOW + DAY)).toBeNull()
    expect(await findSession(env.DB, 'refresh a', NOW)).toBeNull()
    expect(await logged(user.id)).toHaveLength(1)
  })

  it('ends the one before: its tokens are nothing any more', async () => {
    const user = await loggedIn('before')
    await startSession(env.DB, login(user.id, 'after', { now: NOW + 1 }))
    expect(await whoIs('before')).toBeNull()
    expect(await whoIs('after')).toBe(user.id)
    expect(await rotateSession(env.DB, rotation('before', 'x'))).toEqual({ kind: 'unknown' })
    expect(await whoIs('after')).toBe(user.id)
    expect(await findUser(env.DB, user.id)).toMatchObject({ lastLoginAt: NOW + 1 })
  })

  it('remembers the access token that made way for it, and no older one', async () => {
    const user = await loggedIn('one')
    expect(await isSuperseded(env.DB, 'access one')).toBe(false)
    await rotateSession(env.DB, rotation('one', 'one later'))
    await startSession(env.DB, login(user.id, 'two'))
    expect(await isSuperseded(env.DB, 'access one')).toBe(false)
    expect(await isSuperseded(env.DB, 'access one later')).toBe(true)
    // A refresh of the newer one changes nothing of that; its end does.
    await rotateSession(env.DB, rotation('two', 'two later'))
    expect(await isSuperseded(env.DB, 'access one later')).toBe(true)
    await startSession(env.DB, login(user.id, 'three'))
    expect(await isSuperseded(env.DB, 'access one later')).toBe(false)
    await endSession(env.DB, { userId: user.id, sessionId: 'ses_three' })
    expect(await isSuperseded(env.DB, 'access two later')).toBe(false)
  })

  it('says until when it holds', async () => {
    const user = await loggedIn('until')
    expect(await sessionExpiry(env.DB, { userId: user.id, sessionId: 'ses_until' })).toBe(NOW + DAY)
    expect(await sessionExpiry(env.DB, { userId: user.id, sessionId: 'ses_other' })).toBeNull()
  })

  it('of twenty at once leaves one', async () => {
    const user = await givenUser()
    const names = Array.from({ length: 20 }, (_, index) => `crowd ${index}`)
    await Promise.all(names.map((name) => startSession(env.DB, login(user.id, name))))
    const found = await Promise.all(names.map((name) => whoIs(name)))
    expect(found.filter((id) => id !== null)).toEqual([user.id])
  })

  it.each([
    { what: 'is blocked', change: 'blocked_at = 1' },
    { what: 'waits for his mail', change: "state = 'waiting-for-email'" },
    { what: 'waits for approval', change: "state = 'waiting-for-approval'" },
    { what: 'got another password meanwhile', change: "password_hash = 'other'" },
  ])('of who $what starts nothing, and leaves no trace', async ({ what, change }) => {
    const user = await givenUser({ passwordHash: 'hash' })
    await env.DB.prepare(`UPDATE users SET ${change} WHERE id = ?`).bind(user.id).run()
    const session = login(user.id, what, { passwordHash: 'hash' })
    expect(await startSession(env.DB, session, entry(user.id))).toBe(false)
    expect(await first('SELECT 1 FROM sessions WHERE user_id = ?', user.id)).toBeNull()
    expect(await findUser(env.DB, user.id)).toMatchObject({ lastLoginAt: null })
    expect(await logged(user.id)).toEqual([])
  })

  it('of nobody starts nothing', async () => {
    expect(await startSession(env.DB, login('usr_nobody', 'nobody'))).toBe(false)
  })

  it.each(['blocked_at = 1', "state = 'waiting-for-email'"])(
    'lets nobody in from the moment that %s',
    async (change) => {
      const user = await loggedIn(change)
      await env.DB.prepare(`UPDATE users SET ${change} WHERE id = ?`).bind(user.id).run()
      expect(await whoIs(change)).toBeNull()
      expect(await rotateSession(env.DB, rotation(change, 'x'))).toEqual({ kind: 'unknown' })
    },
  )

  it('that a block meets is ended by it, or not started', async () => {
    const user = await givenUser()
    await Promise.all([
      startSession(env.DB, login(user.id, 'met')),
      blockUser(env.DB, user.id, { reason: null, now: NOW }),
      startSession(env.DB, login(user.id, 'met too')),
    ])
    expect(await first('SELECT 1 FROM sessions WHERE user_id = ?', user.id)).toBeNull()
  })
})

describe('A login by a link', () => {
  it('starts the session of its user, once, until it expires', async () => {
    const user = await givenUser()
    await insertSignInLink(env.DB, { hash: 'once', userId: user.id, expiresAt: NOW + HOUR })
    const by = (name: string, now = NOW) =>
      startSession(env.DB, login(user.id, name, { linkHash: 'once', now }), entry(user.id))
    expect(await by('too late', NOW + HOUR)).toBe(false)
    await insertSignInLink(env.DB, { hash: 'once', userId: user.id, expiresAt: NOW + HOUR })
    expect(await by('in time', NOW + HOUR - 1)).toBe(true)
    expect(await by('again')).toBe(false)
    expect(await whoIs('in time')).toBe(user.id)
    expect(await logged(user.id)).toHaveLength(1)
  })

  it('of somebody else starts nothing', async () => {
    const [user, other] = [await givenUser(), await givenUser()]
    await insertSignInLink(env.DB, { hash: 'mine', userId: user.id, expiresAt: NOW + HOUR })
    expect(await startSession(env.DB, login(other.id, 'not mine', { linkHash: 'mine' }))).toBe(false)
    expect(await whoIs('not mine')).toBeNull()
  })

  it('is not to be had for who is not let in', async () => {
    const user = await givenUser()
    await blockUser(env.DB, user.id, { reason: null, now: NOW })
    const link = { hash: 'shut out', userId: user.id, expiresAt: NOW + HOUR }
    expect(await insertSignInLink(env.DB, link, entry(user.id))).toBe(false)
    expect(await findUserByLink(env.DB, 'shut out', NOW)).toBeNull()
    expect(await logged(user.id)).toEqual([])
  })
})

describe('A logout', () => {
  it('ends the session, once', async () => {
    const user = await loggedIn('out')
    expect(await endSession(env.DB, { userId: user.id, sessionId: 'ses_out' }, entry(user.id))).toBe(true)
    expect(await whoIs('out')).toBeNull()
    expect(await rotateSession(env.DB, rotation('out', 'x'))).toEqual({ kind: 'unknown' })
    expect(await endSession(env.DB, { userId: user.id, sessionId: 'ses_out' }, entry(user.id))).toBe(false)
    expect(await logged(user.id)).toHaveLength(1)
  })

  it('of a session that a newer login has replaced leaves that one alone', async () => {
    const user = await loggedIn('older')
    await startSession(env.DB, login(user.id, 'newer'))
    expect(await endSession(env.DB, { userId: user.id, sessionId: 'ses_older' })).toBe(false)
    expect(await whoIs('newer')).toBe(user.id)
  })
})

describe('A refresh', () => {
  it('gives new tokens, ends the old ones, and keeps the session', async () => {
    const user = await loggedIn('old')
    const rotated = await rotateSession(env.DB, rotation('old', 'new'), entry(user.id))
    expect(rotated).toEqual({ kind: 'rotated', userId: user.id })
    expect(await whoIs('old')).toBeNull()
    expect(await findSession(env.DB, 'access new', NOW + HOUR)).toMatchObject({ sessionId: 'ses_old' })
    // As long as it was told, and no longer.
    expect(await whoIs('new', NOW + HOUR + DAY - 1)).toBe(user.id)
    expect(await whoIs('new', NOW + HOUR + DAY)).toBeNull()
    expect(await logged(user.id)).toHaveLength(1)
  })

  it('with a used token ends the session, whoever has the new one', async () => {
    const user = await loggedIn('stolen')
    await rotateSession(env.DB, rotation('stolen', 'second'))
    await rotateSession(env.DB, rotation('second', 'third'))
    expect(await rotateSession(env.DB, rotation('stolen', 'thief'), entry(user.id))).toEqual({
      kind: 'replayed',
      userId: user.id,
    })
    expect(await whoIs('third')).toBeNull()
    expect(await whoIs('thief')).toBeNull()
    expect(await rotateSession(env.DB, rotation('third', 'x'))).toEqual({ kind: 'unknown' })
    // Nobody was given anything: that is for the caller to note.
    expect(await logged(user.id)).toEqual([])
  })

  it('with a used token of a session that was followed by another leaves that one alone', async () => {
    const user = await loggedIn('first life')
    await rotateSession(env.DB, rotation('first life', 'first life 2'))
    await startSession(env.DB, login(user.id, 'second life'))
    expect(await rotateSession(env.DB, rotation('first life', 'x'))).toEqual({
      kind: 'replayed',
      userId: null,
    })
    expect(await whoIs('second life')).toBe(user.id)
  })

  it('of twenty at once with one token is done once; the others were replays, and end the session', async () => {
    const user = await loggedIn('shared')
    const other = await loggedIn('bystander')
    const names = Array.from({ length: 20 }, (_, index) => `shared ${index}`)
    const outcomes = await Promise.all(names.map((name) => rotateSession(env.DB, rotation('shared', name))))
    expect(outcomes.filter(({ kind }) => kind === 'rotated')).toEqual([{ kind: 'rotated', userId: user.id }])
    expect(outcomes.filter(({ kind }) => kind === 'replayed')).toHaveLength(19)
    expect(await Promise.all(names.map((name) => whoIs(name)))).toEqual(names.map(() => null))
    expect(await whoIs('bystander')).toBe(other.id)
  })

  it('repeated as it was, as after a lost answer, is the same refresh', async () => {
    const user = await loggedIn('lost')
    const once = rotation('lost', 'found')
    expect(await rotateSession(env.DB, once, entry(user.id))).toEqual({ kind: 'rotated', userId: user.id })
    expect(await rotateSession(env.DB, once, entry(user.id))).toEqual({ kind: 'rotated', userId: user.id })
    expect(await whoIs('found')).toBe(user.id)
    expect(await logged(user.id)).toHaveLength(1)
  })

  it('with a token that was never given out, or an access token, is unknown', async () => {
    const user = await loggedIn('some')
    expect(await rotateSession(env.DB, rotation('nobody', 'x'))).toEqual({ kind: 'unknown' })
    const { refreshHash: _, ...rest } = rotation('some', 'x')
    expect(await rotateSession(env.DB, { ...rest, refreshHash: 'access some' })).toEqual({ kind: 'unknown' })
    expect(await whoIs('some')).toBe(user.id)
  })

  it('with an expired token is unknown, and so is its replay', async () => {
    const user = await loggedIn('late')
    const end = NOW + 14 * DAY
    expect(await rotateSession(env.DB, rotation('late', 'x', end), entry(user.id))).toEqual({
      kind: 'unknown',
    })
    expect(await logged(user.id)).toEqual([])
    expect(await rotateSession(env.DB, rotation('late', 'later', end - 1))).toMatchObject({ kind: 'rotated' })
    expect(await rotateSession(env.DB, rotation('late', 'x', end))).toEqual({ kind: 'unknown' })
    expect(await whoIs('later', end)).toBe(user.id)
  })

  it('that fails half-way is not done at all: the old token still works', async () => {
    const user = await loggedIn('torn')
    await env.DB.prepare(
      "CREATE TRIGGER broken AFTER UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    ).run()
    await expect(rotateSession(env.DB, rotation('torn', 'x'))).rejects.toThrow('the disk is full')
    await env.DB.prepare('DROP TRIGGER broken').run()
    expect(await rotateSession(env.DB, rotation('torn', 'whole'))).toEqual({
      kind: 'rotated',
      userId: user.id,
    })
  })
})

describe('Cleaning up', () => {
  it('takes what is over, and leaves what is not', async () => {
    const user = await givenUser()
    const now = NOW + 100 * DAY
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO used_refresh_tokens VALUES ('over', 's', ${now}), ('good', 's', ${now + 1})`,
      ),
      env.DB.prepare(
        `INSERT INTO mail_tokens VALUES ('over', ?1, 'verify-email', '', ${now}), ('good', ?1, 'reset-password', '', ${now + 1})`,
      ).bind(user.id),
      env.DB.prepare(`INSERT INTO sign_in_links VALUES ('over', ?1, ${now}), ('good', ?1, ${now + 1})`).bind(
        user.id,
      ),
    ])
    await beginIdempotent(env.DB, { caller: user.id, key: 'over', fingerprint: '', now: now - DAY })
    await beginIdempotent(env.DB, { caller: user.id, key: 'good', fingerprint: '', now: now - DAY + 1 })
    await cleanUp(env.DB, now)
    expect(
      await first(
        `SELECT (SELECT group_concat(hash) FROM used_refresh_tokens WHERE session_id = 's') AS used,
                (SELECT group_concat(hash) FROM mail_tokens WHERE user_id = ?1) AS mail,
                (SELECT group_concat(hash) FROM sign_in_links WHERE user_id = ?1) AS links,
                (SELECT group_concat(key) FROM idempotency_keys WHERE caller = ?1) AS keys`,
        user.id,
      ),
    ).toEqual({ used: 'good', mail: 'good', links: 'good', keys: 'good' })
    expect(await cleanUp(env.DB, now)).toBe(0)
  })
})

describe('Among 20,000 sessions', () => {
  const COUNT = 20_000
  let now = NOW

  beforeAll(async () => {
    // The tests before, and theirs.
    await env.DB.batch(
      ['sessions', 'used_refresh_tokens', 'mail_tokens', 'sign_in_links', 'idempotency_keys'].map((table) =>
        env.DB.prepare(`DELETE FROM ${table}`),
      ),
    )
    const insert = (into: string) => env.DB.prepare(`${numbers(COUNT)} INSERT INTO ${into} FROM n`)
    await env.DB.batch([
      insert("users (id, role, created_at, username) SELECT 'usr_' || i, 2, 1, 'many' || i"),
      insert(
        `sessions SELECT 'usr_' || i, 'ses_' || i, 'access ' || i, ${NOW + DAY}, 'refresh ' || i, ${NOW + 14 * DAY}, 1, 'before ' || i`,
      ),
      insert(`used_refresh_tokens SELECT 'used ' || i, 'ses_' || i, ${NOW + 14 * DAY} + i`),
      insert(`mail_tokens SELECT 'm' || i, 'usr_' || i, 'verify-email', '', ${NOW + 14 * DAY} + i`),
      insert(`sign_in_links SELECT 'l' || i, 'usr_' || i, ${NOW + 14 * DAY} + i`),
      insert(`idempotency_keys SELECT 'usr_1', 'k' || i, '', ${NOW + 13 * DAY} + i, NULL, NULL`),
    ])
  })

  it('one is found in one statement of two rows, and one that is not there in none', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await findSession(db, 'access 7', NOW)).toMatchObject({
      user: { id: 'usr_7' },
      sessionId: 'ses_7',
    })
    expect(cost).toEqual({ roundTrips: 1, rowsRead: 2, rowsWritten: 0 })
    expect(await findSession(db, 'access of nobody', NOW)).toBeNull()
    expect(cost).toEqual({ roundTrips: 2, rowsRead: 2, rowsWritten: 0 })
  })

  it('one that made way is found in two rows, and one that is not there in none', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await isSuperseded(db, 'before 7')).toBe(true)
    expect(cost).toEqual({ roundTrips: 1, rowsRead: 2, rowsWritten: 0 })
    expect(await isSuperseded(db, 'access of nobody')).toBe(false)
    expect(cost).toEqual({ roundTrips: 2, rowsRead: 2, rowsWritten: 0 })
  })

  it('a link is made, looked up and used in one round trip each, of a few rows', async () => {
    const { db, cost } = countCosts(env.DB)
    const link = { hash: 'link', userId: 'usr_9', expiresAt: NOW + HOUR }
    expect(await insertSignInLink(db, link, entry('usr_9'))).toBe(true)
    expect(await findUserByLink(db, 'link', NOW)).toMatchObject({ id: 'usr_9' })
    expect(await startSession(db, login('usr_9', 'by link', { linkHash: 'link' }))).toBe(true)
    expect(cost.roundTrips).toBe(3)
    expect(cost.rowsRead).toBeLessThanOrEqual(15)
    expect(cost.rowsWritten).toBeLessThanOrEqual(20)
    const before = cost.rowsRead
    expect(await findUserByLink(db, 'link of nobody', NOW)).toBeNull()
    expect(cost.rowsRead - before).toBe(0)
  })

  it('a login, a refresh and a logout are one round trip each, of a few rows', async () => {
    const { db, cost } = countCosts(env.DB)
    await startSession(db, login('usr_8', 'cost'), entry('usr_8'))
    expect(await rotateSession(db, rotation('cost', 'cost 2'), entry('usr_8'))).toMatchObject({
      kind: 'rotated',
    })
    expect(await rotateSession(db, rotation('nobody', 'x'), entry('usr_8'))).toMatchObject({
      kind: 'unknown',
    })
    await endSession(db, { userId: 'usr_8', sessionId: 'ses_cost' }, entry('usr_8'))
    expect(cost.roundTrips).toBe(4)
    expect(cost.rowsRead).toBeLessThanOrEqual(4 * 8)
    expect(cost.rowsWritten).toBeLessThanOrEqual(30)
  })

  it('cleaning up takes a thousand of each at once, reads a few rows for each of them, and none for the rest', async () => {
    now = NOW + 15 * DAY
    const idle = countCosts(env.DB)
    expect(await cleanUp(idle.db, NOW)).toBe(0)
    expect(idle.cost).toEqual({ roundTrips: 1, rowsRead: expect.any(Number), rowsWritten: 0 })
    // Two of each table.
    expect(idle.cost.rowsRead).toBeLessThanOrEqual(10)
    const { db, cost } = countCosts(env.DB)
    expect(await cleanUp(db, now)).toBe(4_000)
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(4 * 4_000 + 2)
    // The oldest first.
    expect(await first('SELECT min(expires_at) AS at FROM mail_tokens')).toEqual({
      at: NOW + 14 * DAY + 1_000,
    })
  })
})
