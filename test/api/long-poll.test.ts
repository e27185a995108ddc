/** @module GET /api/v1/events?wait=…: an answer when there is something, and nobody asks D1 meanwhile. */
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { api } from '../../src/api/app.ts'
import { exampleOf } from '../../src/events/catalogue.ts'
import type { EventType } from '../../src/events/types.ts'
import { forgetAll, generous, readAnswer, sendTo } from '../support/call.ts'
import { countCosts } from '../support/count-costs.ts'
import { type LogRow, OTHER, setLog } from '../support/events.ts'
import { testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn, type Person } from '../support/people.ts'
import { forgetListeners, inHub, look, numbered, store, wake } from '../support/streams.ts'

let person: Person
/** Events as the API describes them. */
function some(from: number, to: number, like: Partial<LogRow> & { type?: EventType } = {}) {
  const data = JSON.stringify(exampleOf(like.type ?? 'video.published').data)
  return numbered(from, to, { ...like, data })
}

beforeEach(async () => {
  await forgetAll()
  await setLog(some(1, 3))
  person = await loggedIn('waiter')
})
afterEach(() => forgetListeners())

/** Asks, and is found waiting. */
async function waiting(query: string, token = person.token) {
  const { db, cost } = countCosts(env.DB)
  const { deps, log } = testDeps()
  const started = Date.now()
  const counted = {
    ...generous(deps),
    clock: () => deps.clock() + Date.now() - started,
    env: { ...deps.env, DB: db },
  }
  const asked = sendTo(counted, 'GET', `/api/v1/events${query}`, as(token)).then(readAnswer)
  await expect.poll(() => inHub((hub) => hub.audience.clients.size)).toBe(1)
  return { asked, cost, log }
}
const sequencesOf = ({ body }: Awaited<ReturnType<typeof readAnswer>>) =>
  body.data.map(({ sequence }) => sequence)

describe('A long poll', () => {
  it('is answered at once when there is something', async () => {
    const { deps } = testDeps()
    const answer = await readAnswer(
      await sendTo(generous(deps), 'GET', '/api/v1/events?after=1&wait=30', as(person.token)),
    )
    expect(sequencesOf(answer)).toEqual([2, 3])
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(0)
  })

  it('is answered as soon as there is something, by what was committed together', async () => {
    const { asked, cost } = await waiting('?after=3&wait=30')
    await store(some(4, 6))
    await wake()
    expect(sequencesOf(await asked)).toEqual([4, 5, 6])
    // Who calls, and twice: where the log ends, and a page.
    expect(cost.roundTrips).toBe(5)
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(0)
  })

  it('waits on when what happened is not what is asked for, or is private to somebody else', async () => {
    const { asked, cost } = await waiting('?after=3&type=live.*&instance=b.example&wait=30')
    await store([
      ...some(4, 4, { type: 'live.started' }),
      ...some(5, 5, { instance: 'b.example' }),
      ...some(6, 6, { type: 'live.started', instance: 'b.example', ownerId: OTHER }),
    ])
    await wake()
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(1)
    await store(some(7, 7, { type: 'live.ended', instance: 'b.example' }))
    await wake()
    expect(sequencesOf(await asked)).toEqual([7])
    expect(cost.roundTrips).toBe(5)
  })

  it('waits on when the rest of the filter does not let it through', async () => {
    const { asked } = await waiting('?after=3&since=2026-01-01T00:00:00Z&wait=30')
    await store(some(4, 4, { seenAt: 0 }))
    await wake()
    await expect
      .poll(() => inHub((hub) => [...hub.audience.clients].map(({ position }) => position)))
      .toEqual([4])
    await store(some(5, 5, { seenAt: Date.UTC(2026, 1, 1) }))
    await wake()
    expect(sequencesOf(await asked)).toEqual([5])
  })

  it('waits for what fits a filter, and is not answered by anything else', async () => {
    const { asked, cost } = await waiting('?q=nothing%20like%20it&type=live.*,video.*&tag=x&wait=30')
    await store(some(4, 6))
    await wake()
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(1)
    const { data } = exampleOf('video.published')
    const shown = data as { video: object }
    const fitting = { video: { ...shown.video, name: 'Nothing like IT', tags: ['X'] } }
    await store(numbered(7, 7, { data: JSON.stringify(fitting) }))
    await wake()
    expect(sequencesOf(await asked)).toEqual([7])
    expect(cost.roundTrips).toBe(5)
  })

  it('does not wait while there is more to be looked at', async () => {
    await setLog(some(1, 2_100))
    const { deps } = testDeps()
    const path = '/api/v1/events?nsfw=true&wait=30'
    const answer = await readAnswer(await sendTo(generous(deps), 'GET', path, as(person.token)))
    expect(answer.body).toEqual({ data: [], next: '2000' })
  })

  it('goes on from the end when it begins beyond the log', async () => {
    const { asked } = await waiting('?after=999999999999999&wait=30')
    await store(some(4, 4))
    await wake()
    expect(sequencesOf(await asked)).toEqual([4])
  })

  it('looks no more than so often at what it is not let have', async () => {
    const { asked, cost } = await waiting('?after=3&since=2999-01-01T00:00:00Z&wait=30')
    let isOver = false
    const answer = asked.finally(() => {
      isOver = true
    })
    for (let sequence = 4; !isOver && sequence < 60; sequence += 1) {
      const before = cost.roundTrips
      await store(some(sequence, sequence))
      await wake()
      await expect.poll(() => isOver || cost.roundTrips >= before + 2).toBe(true)
      await expect
        .poll(async () => isOver || (await inHub((hub) => hub.audience.clients.size)) === 1)
        .toBe(true)
    }
    expect(await answer).toMatchObject({ status: 200, body: { data: [] } })
    expect(cost.roundTrips).toBeLessThan(45)
  })

  it('does not look again for who has left', async () => {
    const { deps } = testDeps()
    const { db, cost } = countCosts(env.DB)
    const left = new AbortController()
    const query = '?after=3&since=2999-01-01T00:00:00Z&wait=30'
    const request = new Request(`http://localhost/api/v1/events${query}`, {
      headers: as(person.token),
      signal: left.signal,
    })
    const app = api({ ...generous(deps), env: { ...deps.env, DB: db } }, () => undefined)
    const asked = app.fetch(request)
    await expect.poll(() => inHub((hub) => hub.audience.clients.size)).toBe(1)
    left.abort()
    await store(some(4, 4))
    await wake()
    expect((await readAnswer(await asked)).body).toMatchObject({ data: [] })
    expect(cost.roundTrips).toBe(5)
  })

  it.each(['until=2020-01-01T00:00:00Z', 'since=2020-01-01T00:00:00Z&until=2999-01-01T00:00:00Z'])(
    'up to a time is refused: %s',
    async (span) => {
      const { deps } = testDeps()
      const ask = (wait: number) =>
        sendTo(generous(deps), 'GET', `/api/v1/events?wait=${wait}&${span}`, as(person.token))
      const refused = await readAnswer(await ask(30))
      expect(refused).toMatchObject({
        status: 400,
        body: { 'invalid-params': { wait: { location: 'query' } } },
      })
      expect((await ask(0)).status).toBe(200)
    },
  )

  it('is empty when its time is over', async () => {
    const { asked } = await waiting('?after=3&wait=1')
    expect(await asked).toMatchObject({ status: 200, body: { data: [] } })
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(0)
  })

  it('misses nothing that is committed between the read and the waiting', async () => {
    const { deps } = testDeps()
    let reads = 0
    const DB = new Proxy(env.DB, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value
        return (sql: string) => {
          const statement = target.prepare(sql)
          reads += sql.includes('INDEXED BY') ? 1 : 0
          if (reads !== 1) return statement
          const bind = statement.bind.bind(statement)
          return Object.assign(statement, {
            bind: (...values: unknown[]) => {
              const bound = bind(...values)
              const all = bound.all.bind(bound)
              return Object.assign(bound, {
                async all() {
                  const result = await all()
                  await store(some(4, 4))
                  return result
                },
              })
            },
          })
        }
      },
    })
    const answer = await readAnswer(
      await sendTo(
        { ...generous(deps), env: { ...deps.env, DB } },
        'GET',
        '/api/v1/events?after=3&wait=30',
        as(person.token),
      ),
    )
    expect(sequencesOf(answer)).toEqual([4])
  })

  it('ends with the right to it', async () => {
    const { key } = await apiKey(person.id, ['events:read'])
    const { asked } = await waiting('?after=3&wait=30', key)
    await env.DB.prepare('DELETE FROM api_keys').run()
    await look()
    expect(await asked).toMatchObject({ status: 401, body: { code: 'invalid_token' } })
  })

  it('looks once more, after a while, when nobody can tell it', async () => {
    const { deps, log } = testDeps()
    const pauses: number[] = []
    const STREAM_HUB = { getByName: () => ({ place: async () => Promise.reject(new Error('gone')) }) }
    const blind = {
      ...generous(deps),
      // What is used of it is here.
      env: { ...deps.env, STREAM_HUB: STREAM_HUB as unknown as Env['STREAM_HUB'] },
      pause: async (ms: number) => {
        pauses.push(ms)
        await store(some(4, 4))
      },
    }
    const answer = await readAnswer(
      await sendTo(blind, 'GET', '/api/v1/events?after=3&wait=30', as(person.token)),
    )
    expect(sequencesOf(answer)).toEqual([4])
    expect(pauses).toEqual([3_000])
    expect(log).toMatchObject([{ log: 'error', where: 'waiting for events', error: 'Error: gone' }])
  })

  it.each(['31', '-1', 'x', '1.5'])('of %s seconds is refused', async (wait) => {
    const { deps } = testDeps()
    const response = await sendTo(generous(deps), 'GET', `/api/v1/events?wait=${wait}`, as(person.token))
    expect(response.status).toBe(400)
  })
})
