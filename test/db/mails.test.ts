/** @module What mails cost: rows read and written are the bill. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { claimMails, deleteMails, insertMail, listMails, recordMails } from '../../src/db/mails.ts'
import { countCosts } from '../support/count-costs.ts'

const NOW = 1_000_000
const MAILS = 10_000

beforeAll(async () => {
  // All were sent but for forty, of which thirty are due.
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${MAILS})
     INSERT INTO mails (id, recipient, subject, text, state, due_at, created_at)
     SELECT 'mail_' || i, 'a@b.example', 's', 't', CASE WHEN i < 40 THEN 'pending' ELSE 'sent' END,
            CASE WHEN i < 30 THEN ${NOW} - i WHEN i < 40 THEN ${NOW} + 1 END, i FROM n`,
  ).run()
})

describe('A statement on mails', () => {
  it('that finds nothing due reads and writes next to nothing', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await claimMails(db, { now: 0, leaseUntil: 1, limit: 20 })).toEqual([])
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(4)
    expect(cost.rowsWritten).toBe(0)
  })

  it('that claims twenty takes those that are longest due, once, at a few rows each', async () => {
    const { db, cost } = countCosts(env.DB)
    const claimed = await claimMails(db, { now: NOW, leaseUntil: NOW + 60_000, limit: 20 })
    const ids = Array.from({ length: 20 }, (_, index) => `mail_${29 - index}`)
    expect(claimed.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(20 * 6)
    expect(cost.rowsWritten).toBeLessThanOrEqual(20 * 3)

    expect(await claimMails(env.DB, { now: NOW, leaseUntil: NOW + 1, limit: 100 })).toHaveLength(10)
    expect(
      await claimMails(env.DB, { now: NOW + 59_999, leaseUntil: NOW + 60_000, limit: 100 }),
    ).toHaveLength(20)
  })

  it('that records twenty costs a few rows each, in one round trip, and counts each once', async () => {
    const recorded = Array.from({ length: 20 }, (_, index) => ({
      id: `mail_${index}`,
      number: 1,
      state: 'sent' as const,
      dueAt: null,
      error: null,
      finishedAt: NOW,
    }))
    const { db, cost } = countCosts(env.DB)
    await recordMails(db, recorded)
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(20 * 4)
    expect(cost.rowsWritten).toBeLessThanOrEqual(20 * 3)
    await recordMails(
      env.DB,
      recorded.map((one) => ({ ...one, state: 'failed' as const, error: 'late' })),
    )
    const { results } = await env.DB.prepare(
      'SELECT DISTINCT state, attempts, text, last_error AS error FROM mails WHERE finished_at IS NOT NULL',
    ).all()
    expect(results).toEqual([{ state: 'sent', attempts: 1, text: null, error: null }])
  })

  it('that records what began from another state changes nothing', async () => {
    const late = {
      id: 'mail_35',
      number: 3,
      state: 'sent' as const,
      dueAt: null,
      error: null,
      finishedAt: NOW,
    }
    await recordMails(env.DB, [late])
    expect(
      await env.DB.prepare("SELECT state, attempts, text FROM mails WHERE id = 'mail_35'").first(),
    ).toEqual({ state: 'pending', attempts: 0, text: 't' })
  })

  it('that lists a page costs its rows, and a row for the total', async () => {
    const { db, cost } = countCosts(env.DB)
    const { total, rows: data } = await listMails(db, { start: 0, count: 100, sort: '-createdAt' })
    expect([total, data.length, data[0]?.id]).toEqual([MAILS, 100, 'mail_9999'])
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(2 * 100 + 1)
  })

  it('that stores one costs its row, its places and the total', async () => {
    const { db, cost } = countCosts(env.DB)
    await insertMail(db, {
      id: 'mail_new',
      recipient: 'a@b.example',
      subject: 's',
      text: 't',
      state: 'pending',
      dueAt: NOW * 9,
      createdAt: NOW,
    })
    expect(cost.rowsWritten).toBeLessThanOrEqual(6)
  })

  it('that finds nothing to delete reads next to nothing; that deletes, what it deletes', async () => {
    const { db, cost } = countCosts(env.DB)
    expect(await deleteMails(db, 0, 100)).toBe(0)
    expect(cost.rowsRead).toBeLessThanOrEqual(4)
    expect(await deleteMails(db, 50, 30)).toBe(30)
    expect(cost.roundTrips).toBe(2)
    expect(cost.rowsRead).toBeLessThanOrEqual(30 * 7)
    expect(await deleteMails(db, 50, 30)).toBe(20)
    expect((await listMails(env.DB, { start: 0, count: 1, sort: '-createdAt' })).total).toBe(MAILS + 1 - 50)
  })
})
