/** @module Users: what may be stored of them, what is refused, and that what is refused leaves no trace. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { forgetUnverified } from '../../src/db/user-emails.ts'
import {
  acceptUser,
  deleteUser,
  findUser,
  findUserByEmail,
  findUserByName,
  insertUser,
  listUsers,
  USER_SORTS,
  type User,
  updateUser,
} from '../../src/db/users.ts'
import { entry, givenUser, logged, NOW, numbers, readAll, total } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'

describe('A new user', () => {
  it('is stored with his name and address in lower case, counted, and audited', async () => {
    const before = (await listUsers(env.DB, { start: 0, count: 1, sort: 'createdAt' })).total
    const user = await insertUser(
      env.DB,
      { id: 'usr_new', username: 'Alice', email: 'Alice@Example.org', role: 1, createdAt: NOW },
      entry('usr_new'),
    )
    expect(user).toMatchObject({
      id: 'usr_new',
      username: 'alice',
      email: 'alice@example.org',
      role: 1,
      state: 'active',
      createdAt: NOW,
      updatedAt: NOW,
      revision: 0,
      passwordHash: null,
      blockedAt: null,
    })
    expect(await findUser(env.DB, 'usr_new')).toEqual(user)
    expect((await listUsers(env.DB, { start: 0, count: 1, sort: 'createdAt' })).total).toBe(before + 1)
    expect(await logged('usr_new')).toHaveLength(1)
  })

  it('whose name or address is taken is not stored, nor audited', async () => {
    await givenUser({ username: 'taken', email: 'taken@example.org' })
    const like = { role: 2, createdAt: NOW }
    const namesake = { ...like, id: 'usr_namesake', username: 'TAKEN', email: 'other@example.org' }
    expect(await insertUser(env.DB, namesake, entry('usr_namesake'))).toBe('username-taken')
    const housemate = { ...like, id: 'usr_housemate', username: 'other', email: 'Taken@example.org' }
    expect(await insertUser(env.DB, housemate, entry('usr_housemate'))).toBe('email-taken')
    for (const id of ['usr_namesake', 'usr_housemate']) {
      expect(await findUser(env.DB, id)).toBeNull()
      expect(await logged(id)).toEqual([])
    }
  })

  it('stored again, as after a lost answer, is the same one, audited once', async () => {
    const user = { id: 'usr_twice', username: 'twice', role: 2, createdAt: NOW }
    const stored = await insertUser(env.DB, user, entry('usr_twice'))
    expect(await insertUser(env.DB, user, entry('usr_twice'))).toEqual(stored)
    expect(await logged('usr_twice')).toHaveLength(1)
  })

  it('of twenty at once with one name there is one', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        insertUser(env.DB, { id: `usr_race_${index}`, username: 'race', role: 2, createdAt: NOW }),
      ),
    )
    expect(made.filter((user) => user === 'username-taken')).toHaveLength(19)
  })

  it('without an address is no other one without', async () => {
    await givenUser()
    expect(await givenUser()).toMatchObject({ email: null })
  })
})

describe('A user is found', () => {
  it('by name or address, in whatever case', async () => {
    const user = await givenUser({ username: 'findme', email: 'findme@example.org' })
    expect(await findUserByName(env.DB, 'FindMe')).toEqual(user)
    expect(await findUserByName(env.DB, 'FINDME@example.org')).toEqual(user)
    expect(await findUserByEmail(env.DB, 'FindMe@Example.org')).toEqual(user)
    expect(await findUserByEmail(env.DB, 'findme')).toBeNull()
    expect(await findUserByName(env.DB, 'findm')).toBeNull()
    expect(await findUserByName(env.DB, '')).toBeNull()
  })

  it('by his name, when it is the address of another', async () => {
    const named = await givenUser({ username: 'both@example.org' })
    await givenUser({ email: 'both@example.org' })
    expect(await findUserByName(env.DB, 'both@example.org')).toEqual(named)
  })
})

describe('A change of a user', () => {
  it('counts its revision up, leaves the rest, and is audited', async () => {
    const user = await givenUser({ email: 'change@example.org' })
    const changes = { role: 1, emailVerifiedAt: NOW, pendingEmail: 'Next@Example.org', updatedAt: NOW + 1 }
    const changed = await updateUser(env.DB, user.id, changes, user.revision, entry(user.id))
    expect(changed).toEqual({ ...user, ...changes, pendingEmail: 'next@example.org', revision: 1 })
    expect(await findUser(env.DB, user.id)).toEqual(changed)
    expect(await logged(user.id)).toHaveLength(1)
  })

  it('can take something away, and what is undefined stays', async () => {
    const user = await givenUser({ email: 'away@example.org', role: 1 })
    const changes = { email: null, role: undefined, updatedAt: NOW }
    expect(await updateUser(env.DB, user.id, changes, null)).toMatchObject({ email: null, role: 1 })
  })

  it('that began from another revision is a conflict; of twenty at once one is done', async () => {
    const user = await givenUser()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        updateUser(env.DB, user.id, { pendingEmail: `p${index}@x`, updatedAt: NOW }, 0, entry(user.id)),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(19)
    expect(await logged(user.id)).toHaveLength(1)
    expect(await findUser(env.DB, user.id)).toMatchObject({ revision: 1 })
  })

  it('to an address that is taken, or of nobody, changes nothing and is not audited', async () => {
    await givenUser({ email: 'mine@example.org' })
    const user = await givenUser({ email: 'yours@example.org' })
    const changes = { email: 'Mine@Example.org', role: 1, updatedAt: NOW }
    expect(await updateUser(env.DB, user.id, changes, null, entry(user.id))).toBe('email-taken')
    expect(await findUser(env.DB, user.id)).toEqual(user)
    expect(await updateUser(env.DB, 'usr_nobody', changes, null, entry('usr_nobody'))).toBe('missing')
    expect([...(await logged(user.id)), ...(await logged('usr_nobody'))]).toEqual([])
    // His own is not taken.
    expect(
      await updateUser(env.DB, user.id, { email: 'YOURS@example.org', updatedAt: NOW }, null),
    ).toMatchObject({
      email: 'yours@example.org',
    })
  })
})

describe('The last administrator', () => {
  it.each([{ role: 1 }, { state: 'waiting-for-approval' as const }])('stays one: %j', async (change) => {
    const changes = { ...change, updatedAt: NOW }
    const id = 'usr_administrator'
    expect(await updateUser(env.DB, id, changes, null, entry(id, { action: 'last' }))).toBe(
      'last-administrator',
    )
    expect(await findUser(env.DB, id)).toMatchObject({ role: 0, state: 'active', revision: 0 })
    expect((await logged(id)).filter(({ action }) => action === 'last')).toEqual([])
  })

  it('is so as well when the others are blocked or waiting, and may change otherwise', async () => {
    const blocked = await givenUser({ role: 0 })
    await env.DB.prepare('UPDATE users SET blocked_at = 1 WHERE id = ?').bind(blocked.id).run()
    const waiting = await givenUser({ role: 0, state: 'waiting-for-approval' })
    const step = (id: string) => updateUser(env.DB, id, { role: 2, updatedAt: NOW }, null)
    expect(await step('usr_administrator')).toBe('last-administrator')
    expect(
      await updateUser(
        env.DB,
        'usr_administrator',
        { role: 0, email: 'root@example.org', updatedAt: NOW },
        null,
      ),
    ).toMatchObject({ email: 'root@example.org' })
    // They are none that would be missed.
    expect(await step(blocked.id)).toMatchObject({ role: 2 })
    expect(await step(waiting.id)).toMatchObject({ role: 2 })
  })

  it('is one of two that step down at once', async () => {
    const other = await givenUser({ role: 0 })
    const outcomes = await Promise.all(
      ['usr_administrator', other.id].map((id) => updateUser(env.DB, id, { role: 2, updatedAt: NOW }, null)),
    )
    expect(outcomes.filter((outcome) => outcome === 'last-administrator')).toHaveLength(1)
    await env.DB.prepare("UPDATE users SET role = iif(id = 'usr_administrator', 0, 2)").run()
  })
})

describe('Who waits for approval', () => {
  it('is let in once', async () => {
    const user = await givenUser({ state: 'waiting-for-approval' })
    const accepted = await acceptUser(env.DB, user.id, { now: NOW + 1 }, entry(user.id))
    expect(accepted).toEqual({ ...user, state: 'active', updatedAt: NOW + 1, revision: 1 })
    expect(await acceptUser(env.DB, user.id, { now: NOW + 2 }, entry(user.id))).toBe('not-waiting')
    expect(await acceptUser(env.DB, 'usr_nobody', { now: NOW }, entry('usr_nobody'))).toBe('missing')
    expect(await logged(user.id)).toHaveLength(1)
  })

  it('for his mail is not let in by approval', async () => {
    const user = await givenUser({ state: 'waiting-for-email' })
    expect(await acceptUser(env.DB, user.id, { now: NOW })).toBe('not-waiting')
  })
})

describe('The users of each state', () => {
  it('are counted as they are made, move on, and are deleted', async () => {
    const states = ['active', 'waiting-for-email', 'waiting-for-approval'] as const
    const before = await Promise.all(states.map((state) => total(env.DB, `users:${state}`)))
    const expectMore = async (...more: number[]) => {
      const now = await Promise.all(states.map((state) => total(env.DB, `users:${state}`)))
      expect(now.map((count, index) => count - (before[index] ?? 0))).toEqual(more)
    }
    const [first, second] = [
      await givenUser({ state: 'waiting-for-approval' }),
      await givenUser({ state: 'waiting-for-approval', pendingEmail: 'second@example.org' }),
    ]
    await expectMore(0, 0, 2)
    await acceptUser(env.DB, first.id, { now: NOW })
    await expectMore(1, 0, 1)
    await acceptUser(env.DB, second.id, { now: NOW })
    await expectMore(1, 1, 0)
    // What is no other state is no move, and what is refused neither.
    await updateUser(env.DB, first.id, { state: 'active', role: 1, updatedAt: NOW }, null)
    await updateUser(env.DB, second.id, { state: 'active', updatedAt: NOW }, 99)
    await expectMore(1, 1, 0)
    await deleteUser(env.DB, second.id)
    await expectMore(1, 0, 0)
  })
})

describe('Of 20,000 users', () => {
  const USERS = 20_000
  const LATER = NOW + 1_000

  beforeAll(async () => {
    // Ten of each moment, so that the order within it is seen too.
    await env.DB.prepare("DELETE FROM users WHERE id <> 'usr_administrator'").run()
    await env.DB.prepare(
      `${numbers(USERS)} INSERT INTO users (id, role, created_at, username, email, state)
       SELECT format('usr_many_%05d', i), 2, ${LATER} + i / 10, format('many%05d', ${USERS} - i), i || '@many.example',
              iif(i % 1000 = 0, 'waiting-for-approval', 'active') FROM n`,
    ).run()
    // What SQLite then knows of the table must not make it read all of it.
    await env.DB.prepare('ANALYZE').run()
  })

  it('a page near the beginning reads what it skips and its rows', async () => {
    const { db, cost } = countCosts(env.DB)
    const page = await listUsers(db, { start: 200, count: 100, sort: '-createdAt' })
    expect(page.total).toBe(USERS + 1)
    expect(page.rows[0]?.id).toBe(`usr_many_${USERS - 201}`)
    expect(page.rows).toHaveLength(100)
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(2 * 300 + 1)
  })

  it.each(['createdAt', '-createdAt', 'username', '-username'] as const)(
    'pages by cursor, in the order of %s, tell of each once, and read their rows however deep',
    async (sort) => {
      const key = sort.replace('-', '') as 'createdAt' | 'username'
      const { db, cost } = countCosts(env.DB)
      const { rows, pages } = await readAll<User>((after) =>
        listUsers(db, { start: 0, count: 1_000, sort, after }),
      )
      const expected = rows.toSorted((a, b) => {
        const order = a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : a.id < b.id ? -1 : 1
        return sort.startsWith('-') ? -order : order
      })
      expect(rows.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
      expect(new Set(rows.map(({ id }) => id)).size).toBe(USERS + 1)
      expect(cost.rowsRead).toBeLessThanOrEqual(2 * rows.length + 3 * pages)
    },
  )

  it('those that wait for an address too long are looked for along an index', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await forgetUnverified(db, LATER * 2)).toBe(0)
    expect(cost.rowsRead).toBeLessThanOrEqual(2)
  })

  it('a search finds parts of names and addresses as they are written, and counts them', async () => {
    const search = async (text: string) => {
      const page = await listUsers(env.DB, { start: 0, count: 3, sort: 'createdAt', search: text })
      return { total: page.total, first: page.rows[0]?.username }
    }
    expect(await search('ANY19999')).toEqual({ total: 1, first: 'many19999' })
    expect(await search('17@many.EXAMPLE')).toEqual({ total: 200, first: `many${USERS - 17}` })
    expect(await search('%')).toEqual({ total: 0 })
    expect(await search("' OR 1=1 --")).toEqual({ total: 0 })
    expect(await search('x'.repeat(100_000))).toEqual({ total: 0 })
  })

  it('those of one state are found and counted, by cursor too', async () => {
    const query = { count: 3, sort: 'createdAt', state: 'waiting-for-approval' } as const
    const page = await listUsers(env.DB, { ...query, start: 0 })
    expect(page.total).toBe(20)
    expect(page.rows.map(({ id }) => id)).toEqual(['usr_many_00000', 'usr_many_01000', 'usr_many_02000'])
    const next = await listUsers(env.DB, { ...query, start: 1, after: page.next })
    expect(next.rows[0]?.id).toBe('usr_many_04000')
    expect(next.total).toBe(20)
  })

  it.each([
    ['active', USERS - 20 + 1],
    ['waiting-for-approval', 20],
    ['waiting-for-email', 0],
  ] as const)('those who are %s cost a page its rows, in every order, however deep', async (state, total) => {
    for (const sort of USER_SORTS) {
      const { db, cost } = countCosts(env.DB)
      const { rows, pages } = await readAll<User>(async (after) => {
        const page = await listUsers(db, { start: 0, count: 1_000, sort, state, after })
        expect(page.total).toBe(total)
        return page
      })
      expect(new Set(rows.map(({ id }) => id)).size).toBe(total)
      expect(cost.roundTrips).toBe(pages)
      expect(cost.rowsRead).toBeLessThanOrEqual(2 * total + 3 * pages)
    }
  })

  it('those of one state who are searched for too are counted one by one', async () => {
    const query = { start: 0, count: 3, sort: 'createdAt', search: '000@', state: 'active' } as const
    expect((await listUsers(env.DB, query)).total).toBe(0)
    expect((await listUsers(env.DB, { ...query, state: 'waiting-for-approval' })).total).toBe(19)
  })

  it('one is found by name, address or id in a few rows', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await findUserByName(db, 'many00007')).toMatchObject({ id: 'usr_many_19993' })
    expect(await findUserByName(db, '7@many.example')).toMatchObject({ id: 'usr_many_00007' })
    expect(await findUserByName(db, 'nobody')).toBeNull()
    expect(await findUserByEmail(db, '7@many.example')).toMatchObject({ id: 'usr_many_00007' })
    expect(await findUser(db, 'usr_many_00007')).toMatchObject({ email: '7@many.example' })
    expect(cost.roundTrips).toBe(5)
    expect(cost.rowsRead).toBeLessThanOrEqual(5 * 2)
  })

  it('one is made, or changed, in one round trip of a few rows', async () => {
    const { db, cost } = countCosts(env.DB)
    await insertUser(db, { id: 'usr_cost', username: 'cost', role: 2, createdAt: NOW }, entry('usr_cost'))
    await updateUser(db, 'usr_cost', { role: 1, email: 'cost@x', updatedAt: NOW }, 0, entry('usr_cost'))
    await updateUser(db, 'usr_cost', { role: 2, email: '7@many.example', updatedAt: NOW }, null)
    expect(cost.roundTrips).toBe(3)
    expect(cost.rowsRead).toBeLessThanOrEqual(3 * 7)
    // Of these eight are two entries of the audit log.
    expect(cost.rowsWritten).toBeLessThanOrEqual(22)
  })
})
