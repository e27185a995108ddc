import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { beginIdempotent, finishIdempotent, forgetIdempotent } from '../../src/db/idempotency.ts'
import { NOW, numbers } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'

const DAY = 86_400_000

const begin = (key: string, now = NOW, fingerprint = 'POST /a {}', caller = 'usr_1') =>
  beginIdempotent(env.DB, { caller, key, fingerprint, now })
const finish = (key: string, answer = 'made') =>
  finishIdempotent(env.DB, { caller: 'usr_1', key, status: 201, answer })
const forget = (key: string) => forgetIdempotent(env.DB, { caller: 'usr_1', key })

describe('A request with an Idempotency-Key', () => {
  it('is begun once, and answered from then on as it was', async () => {
    expect(await begin('a')).toEqual({ kind: 'begun' })
    expect(await begin('a')).toEqual({ kind: 'in-progress' })
    await finish('a')
    expect(await begin('a', NOW + 1)).toEqual({ kind: 'done', status: 201, answer: 'made' })
    expect(await begin('a', NOW + DAY - 1)).toEqual({ kind: 'done', status: 201, answer: 'made' })
  })

  it('of twenty at once is begun by one', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => begin('crowd')))
    expect(outcomes.filter(({ kind }) => kind === 'begun')).toHaveLength(1)
    expect(outcomes.filter(({ kind }) => kind === 'in-progress')).toHaveLength(19)
  })

  it('that is another one is refused, in progress or done', async () => {
    await begin('b')
    expect(await begin('b', NOW, 'POST /a {"other":1}')).toEqual({ kind: 'other-body' })
    await finish('b')
    expect(await begin('b', NOW, 'POST /a {"other":1}')).toEqual({ kind: 'other-body' })
    expect(await begin('b')).toMatchObject({ kind: 'done' })
  })

  it('of another caller is another one', async () => {
    await begin('mine')
    expect(await begin('mine', NOW, 'POST /a {}', 'usr_2')).toEqual({ kind: 'begun' })
    await finish('mine')
    expect(await begin('mine', NOW, 'POST /a {}', 'usr_2')).toEqual({ kind: 'in-progress' })
  })

  it('that died on the way is never done again under its key', async () => {
    await begin('c')
    expect(await begin('c', NOW + 60_000)).toEqual({ kind: 'in-progress' })
    expect(await begin('c', NOW + 60_001)).toEqual({ kind: 'interrupted' })
    expect(await begin('c', NOW + DAY - 1)).toEqual({ kind: 'interrupted' })
    // Unless it was only slow.
    await finish('c')
    expect(await begin('c', NOW + 60_002)).toMatchObject({ kind: 'done' })
  })

  it('that failed is forgotten, and may be tried again; that was answered is not', async () => {
    await begin('d')
    await forget('d')
    expect(await begin('d')).toEqual({ kind: 'begun' })
    await finish('d')
    await forget('d')
    await finish('d', 'made again')
    expect(await begin('d')).toEqual({ kind: 'done', status: 201, answer: 'made' })
  })

  it.each(['done', 'in progress'])('a day ago is as none, whether %s', async (state) => {
    await begin(state)
    if (state === 'done') await finish(state)
    const outcomes = await Promise.all([1, 2, 3].map(() => begin(state, NOW + DAY, 'POST /b {}')))
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['begun', 'in-progress', 'in-progress'])
    expect(await begin(state, NOW + DAY)).toEqual({ kind: 'other-body' })
  })

  it('costs one round trip and a row or two among 20,000', async () => {
    await env.DB.prepare(
      `${numbers(20_000)} INSERT INTO idempotency_keys SELECT 'usr_1', 'k' || i, '', ${NOW}, NULL, NULL FROM n`,
    ).run()
    const { db, cost } = countCosts(env.DB)
    const request = { caller: 'usr_1', key: 'cost', fingerprint: '', now: NOW }
    expect(await beginIdempotent(db, request)).toEqual({ kind: 'begun' })
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsRead).toBeLessThanOrEqual(2)
    expect(cost.rowsWritten).toBeLessThanOrEqual(3)
    expect(await beginIdempotent(db, request)).toEqual({ kind: 'in-progress' })
    await finishIdempotent(db, { ...request, status: 200, answer: '' })
    expect(await beginIdempotent(db, { ...request, now: NOW + DAY })).toEqual({ kind: 'begun' })
    await forgetIdempotent(db, request)
    expect(cost.roundTrips).toBe(5)
    expect(cost.rowsRead).toBeLessThanOrEqual(10)
  })
})
