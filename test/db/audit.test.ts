/** @module The audit log: an entry is there when what it tells of was done, and stays. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { auditStatement, insertAudit, listAudit } from '../../src/db/audit.ts'
import { entry, first, givenUser, logged, NOW, numbers } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'

const run = (sql: string, ...values: unknown[]) => env.DB.prepare(sql).bind(...values)

describe('An entry in the batch of what it tells of', () => {
  it('says who did what, on what, from where, when', async () => {
    const user = await givenUser()
    const told = entry(user.id, { via: 'key_1', address: '2001:db8::1', success: false, action: 'delUser' })
    await env.DB.batch([run('UPDATE users SET role = 2 WHERE id = ?', user.id), auditStatement(env.DB, told)])
    expect(await logged(user.id)).toEqual([{ ...told, sequence: expect.any(Number) }])
  })

  /** A statement that changes a row, and that it does none. */
  const cases = [
    {
      what: 'an INSERT',
      sql: "INSERT INTO users (id, role, created_at, username) VALUES (?1 || 'new', 2, 1, ?1 || 'new')",
    },
    {
      what: 'an INSERT … RETURNING',
      sql: "INSERT INTO users (id, role, created_at, username) VALUES (?1 || 'new', 2, 1, ?1 || 'new') RETURNING id",
    },
    {
      what: 'an upsert',
      sql: "INSERT INTO mail_tokens VALUES (?1, ?1, 'verify-email', '', 1) ON CONFLICT DO UPDATE SET expires_at = 2",
    },
    {
      what: 'an INSERT … SELECT',
      sql: "INSERT INTO mail_tokens SELECT id || 'x', id, 'verify-email', '', 1 FROM users WHERE id = ?1",
    },
    { what: 'an UPDATE', sql: 'UPDATE users SET role = 1 WHERE id = ?1' },
    { what: 'an UPDATE … RETURNING', sql: 'UPDATE users SET role = 1 WHERE id = ?1 RETURNING id' },
    { what: 'a DELETE that cascades and triggers', sql: 'DELETE FROM users WHERE id = ?1' },
  ]

  it.each(cases)('is written after $what that did something', async ({ sql }) => {
    const { id } = await givenUser()
    await env.DB.prepare("INSERT INTO mail_tokens VALUES (?1, ?1, 'verify-email', '', 1)").bind(id).run()
    const results = await env.DB.batch([run(sql, id), auditStatement(env.DB, entry(id))])
    expect(results[0]?.meta.changes).toBeGreaterThan(0)
    expect(await logged(id)).toHaveLength(1)
  })

  it.each([
    {
      what: 'an INSERT',
      sql: "INSERT INTO users (id, role, created_at, username) VALUES (?1, 2, 1, 'x') ON CONFLICT DO NOTHING",
    },
    {
      what: 'an upsert',
      sql: "INSERT INTO mail_tokens VALUES (?1, ?1, 'verify-email', '', 1) ON CONFLICT DO UPDATE SET expires_at = 2 WHERE expires_at > 9",
    },
    {
      what: 'an INSERT … SELECT',
      sql: "INSERT INTO mail_tokens SELECT 'y', id, 'verify-email', '', 1 FROM users WHERE id = ?1 AND role = 9",
    },
    { what: 'an UPDATE', sql: 'UPDATE users SET role = 1 WHERE id = ?1 AND role = 9' },
    {
      what: 'an UPDATE … RETURNING',
      sql: 'UPDATE users SET role = 1 WHERE id = ?1 AND role = 9 RETURNING id',
    },
    { what: 'an UPDATE OR IGNORE', sql: "UPDATE OR IGNORE users SET username = 'root' WHERE id = ?1" },
    { what: 'a DELETE', sql: 'DELETE FROM users WHERE id = ?1 AND role = 9' },
  ])('is not written after $what that did nothing, whatever was done before it', async ({ sql }) => {
    const { id } = await givenUser()
    await env.DB.prepare("INSERT INTO mail_tokens VALUES (?1, ?1, 'verify-email', '', 1)").bind(id).run()
    await env.DB.batch([
      run('UPDATE users SET created_at = 2 WHERE id = ?', id),
      run(sql, id),
      // A read in between is none of these.
      run('SELECT * FROM users'),
      auditStatement(env.DB, entry(id)),
    ])
    expect(await logged(id)).toEqual([])
  })

  it('is written once for what changed a thousand rows', async () => {
    const { id } = await givenUser()
    await env.DB.batch([
      run(
        `${numbers(1_000)} INSERT INTO users (id, role, created_at, username) SELECT ?1 || i, 2, 1, ?1 || i FROM n`,
        id,
      ),
      auditStatement(env.DB, entry(id)),
    ])
    expect(await logged(id)).toHaveLength(1)
  })

  it('counts what was asked for, not what a trigger did beside it', async () => {
    const { id } = await givenUser()
    await run(
      `CREATE TRIGGER busy BEFORE UPDATE ON users BEGIN UPDATE users SET created_at = 3 WHERE id = 'usr_administrator'; SELECT RAISE(IGNORE); END`,
    ).run()
    await env.DB.batch([run('UPDATE users SET role = 1 WHERE id = ?', id), auditStatement(env.DB, entry(id))])
    await run('DROP TRIGGER busy').run()
    expect(await logged(id)).toEqual([])
  })

  it('that can not be written undoes what it tells of', async () => {
    const { id } = await givenUser()
    const broken = { ...entry(id), address: null as never }
    await expect(
      env.DB.batch([run('UPDATE users SET role = 1 WHERE id = ?', id), auditStatement(env.DB, broken)]),
    ).rejects.toThrow('NOT NULL')
    expect(await first('SELECT role FROM users WHERE id = ?', id)).toEqual({ role: 2 })
  })
})

describe('The log', () => {
  it('takes an entry of what changed nothing', async () => {
    const told = entry('usr_x', { userId: null, username: 'mallory', via: 'anonymous', success: false })
    await insertAudit(env.DB, told)
    expect(await logged('usr_x')).toEqual([{ ...told, sequence: expect.any(Number) }])
  })

  it.each(['UPDATE audit_log SET success = 1', 'DELETE FROM audit_log'])(
    'takes nothing back: %s',
    async (sql) => {
      await insertAudit(env.DB, entry('usr_y'))
      const before = await logged('usr_y')
      await expect(run(sql).run()).rejects.toThrow()
      expect(await logged('usr_y')).toEqual(before)
    },
  )
})

describe('Of 20,000 entries', () => {
  const ENTRIES = 20_000

  beforeAll(async () => {
    await run(
      `INSERT INTO audit_log (at, user_id, via, address, action, success, request_id)
       SELECT 0, value ->> 0, 'session', '', value ->> 1, 1, '' FROM json_each(?)`,
      JSON.stringify([
        ['usr_rare', 'getUser'],
        ['usr_rare', 'rare'],
        ['usr_rare', 'rare'],
        ['usr_2', 'rare'],
      ]),
    ).run()
    await run(
      `${numbers(ENTRIES)} INSERT INTO audit_log (at, user_id, via, address, action, success, request_id)
       SELECT i, 'usr_' || (i % 4), 'session', '', iif(i % 10, 'getUser', 'delUser'), 1, '' FROM n`,
    ).run()
    // What SQLite then knows of the table must not make it read all of it.
    await run('ANALYZE').run()
  })

  it('pages, the newest first, tell of each once, and read their rows however deep', async () => {
    const { db, cost } = countCosts(env.DB)
    const all = await first('SELECT count(*) AS count FROM audit_log')
    const seen: number[] = []
    for (;;) {
      const page = await listAudit(db, { before: seen.at(-1), count: 1_000 })
      if (page.length === 0) break
      seen.push(...page.map(({ sequence }) => sequence))
    }
    expect(seen).toEqual(seen.toSorted((a, b) => b - a))
    expect(new Set(seen).size).toBe(all?.['count'])
    expect(cost.rowsRead).toBeLessThanOrEqual(seen.length + 1)
  })

  it('those of one user, of one action, or of both', async () => {
    const ofUser = await listAudit(env.DB, { count: 3, userId: 'usr_2' })
    expect(ofUser.map(({ at }) => at)).toEqual([19_998, 19_994, 19_990])
    const ofAction = await listAudit(env.DB, { count: 2, action: 'delUser' })
    expect(ofAction.map(({ at }) => at)).toEqual([19_990, 19_980])
    const [newest] = ofAction
    const both = await listAudit(env.DB, {
      before: newest?.sequence,
      count: 2,
      userId: 'usr_2',
      action: 'delUser',
    })
    expect(both.map(({ at }) => at)).toEqual([19_970, 19_950])
  })

  it.each([
    { userId: 'usr_2' },
    { action: 'delUser' },
    { userId: 'usr_2', action: 'delUser' },
    // Few, and long ago: what lies between them and the end is not read.
    { userId: 'usr_rare' },
    { action: 'rare' },
    { userId: 'usr_2', action: 'rare' },
    { userId: 'usr_nobody' },
    { action: 'nothing' },
    { userId: 'usr_rare', action: 'delUser' },
  ])('those of %o cost a page its rows, however many others there are', async (filter) => {
    const { userId = null, action = null } = filter
    const expected = await run(
      `SELECT sequence FROM audit_log
       WHERE (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR action = ?2) ORDER BY sequence DESC`,
      userId,
      action,
    ).all()
    const { db, cost } = countCosts(env.DB)
    const seen: number[] = []
    for (;;) {
      const page = await listAudit(db, { ...filter, before: seen.at(-1), count: 500 })
      if (page.length === 0) break
      seen.push(...page.map(({ sequence }) => sequence))
    }
    expect(seen).toEqual(expected.results.map(({ sequence }) => sequence))
    // An entry is its place in the index and itself; where there is none, that is one to see.
    expect(cost.rowsRead).toBeLessThanOrEqual(2 * seen.length + cost.roundTrips)
  })

  it('one costs four rows to write, one for each filter, and the number of the last', async () => {
    const { db, cost } = countCosts(env.DB)
    await insertAudit(db, entry('usr_z', { at: NOW }))
    expect(cost.rowsWritten).toBeLessThanOrEqual(5)
    // And whether its number is free: the log is append-only.
    expect(cost.rowsRead).toBeLessThanOrEqual(3)
  })
})
