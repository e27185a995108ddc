/** @module /api/v1/events and /api/v1/deliveries. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { exampleEvent } from '../../src/api/event-view.ts'
import { CATALOGUE, exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES, typesLike } from '../../src/events/types.ts'
import { call, forgetAll } from '../support/call.ts'
import { exampleRows, OTHER, setLog, VIEWER } from '../support/events.ts'
import { control, readAll, testDeps } from '../support/harness.ts'

beforeEach(forgetAll)

describe('Events and deliveries', () => {
  it('come by sequence, and say where they went', async () => {
    const tubewire = testDeps()
    const simulated = await control.instance({ videos: 5 })
    const endpoint = await call('POST', '/endpoints', { url: 'http://127.0.0.1:1/hook' })
    const made = await call('POST', '/instances', { url: simulated.origin, backfill: 3 })
    await readAll(tubewire, String(made.body['id']))

    const first = await call('GET', '/events?limit=2')
    expect(first.body.data.map(({ type }) => type)).toEqual(['video.published', 'video.published'])
    expect(first.body.data[0]).toMatchObject({
      instance: simulated.host,
      data: { video: { uuid: expect.any(String) } },
    })
    const second = await call('GET', `/events?limit=2&after=${first.body['next']}`)
    expect(second.body.data).toHaveLength(1)
    expect(second.body['next']).toBeUndefined()

    const deliveries = await call('GET', `/deliveries?endpoint=${endpoint.body['id']}&limit=2`)
    expect(deliveries.body.data).toHaveLength(2)
    expect(deliveries.body.data[0]).toMatchObject({
      endpoint: endpoint.body['id'],
      event: second.body.data[0]?.['id'],
      sequence: second.body.data[0]?.['sequence'],
      state: expect.stringMatching(/pending/),
    })
    const rest = await call(
      'GET',
      `/deliveries?endpoint=${endpoint.body['id']}&limit=2&before=${deliveries.body['next']}`,
    )
    expect(rest.body.data).toHaveLength(1)
  })

  it('of every type come as the catalogue shows them, those of a connection to its owner only', async () => {
    await setLog(exampleRows(VIEWER))
    const mine = await call('GET', '/events')
    expect(mine.body.data.map(({ type, data }) => ({ type, data }))).toEqual(
      EVENT_TYPES.map((type) => ({ type, data: exampleOf(type).data })),
    )
    await setLog(exampleRows(OTHER))
    const others = await call('GET', '/events')
    expect(others.body.data.map(({ type }) => type)).toEqual(
      EVENT_TYPES.filter((type) => CATALOGUE[type].from === 'public'),
    )
    for (const [index, type] of EVENT_TYPES.entries()) {
      const { status } = await call('GET', `/events/evt_${42 + index}`)
      expect(status, type).toBe(CATALOGUE[type].from === 'public' ? 200 : 404)
    }
  })

  it.each(['video', 'live', 'comment', 'notification', 'instance', 'connection'])(
    'of the kind %s come when they are asked for',
    async (kind) => {
      await setLog(exampleRows(VIEWER))
      const { body } = await call('GET', `/events?type=${kind}.*`)
      expect(body.data.map(({ type }) => type)).toEqual(typesLike(`${kind}.*`))
    },
  )

  it('private events are seen by their owner only', async () => {
    await env.DB.batch([
      env.DB.prepare(
        "INSERT OR IGNORE INTO users (id, username, role, created_at) VALUES ('usr_other', 'other', 2, 0)",
      ),
      ...[null, 'usr_administrator', 'usr_other'].map((owner) =>
        env.DB.prepare(
          `INSERT INTO events (id, type, instance, subject, owner_id, seen_at, poll_id, data)
           VALUES (?, 'video.published', 'h', 's', ?, 0, 'p', ?)`,
        ).bind(`evt_${owner}`, owner, JSON.stringify(exampleEvent.data)),
      ),
    ])
    const { body } = await call('GET', '/events')
    expect(body.data.map(({ id }) => id)).toEqual(['evt_null', 'evt_usr_administrator'])
    expect((await call('GET', '/events/evt_usr_administrator')).status).toBe(200)
    expect((await call('GET', '/events/evt_usr_other')).status).toBe(404)
  })

  it.each([
    ['/events?after=x', 'after'],
    ['/events?after=-1', 'after'],
    ['/events?limit=0', 'limit'],
    ['/events?limit=101', 'limit'],
    ['/events?colour=red', 'colour'],
    ["/events?after=1'--", 'after'],
    ['/deliveries', 'endpoint'],
    ['/instances?count=1e9', 'count'],
    ['/events?type=video', 'type'],
    ['/events?since=2026-02-31T00:00:00Z', 'since'],
    ['/events?since=2026-11-25T10:00:00Z&until=2026-11-25T09:00:00Z', 'until'],
  ])('%s is refused by name', async (path, field) => {
    const refused = await call('GET', path)
    expect(refused.status).toBe(400)
    expect(refused.body['detail']).toBe(`Incorrect request parameters: ${field}`)
  })

  it('deliveries of an endpoint that is not there are 404, and so is what does not exist', async () => {
    expect((await call('GET', '/deliveries?endpoint=ep_x')).status).toBe(404)
    expect((await call('GET', '/nothing')).body).toMatchObject({ status: 404, title: 'Not Found' })
  })

  it('a refusal shows what was sent, and says what was expected', async () => {
    const unknown = await call('GET', '/events?foo=1')
    expect(unknown.body['invalid-params']).toEqual({
      foo: { location: 'query', msg: 'is unknown', param: 'foo', path: 'foo' },
    })
    const wrong = await call('POST', '/endpoints', { url: 5, description: null })
    expect(wrong.body['invalid-params']).toMatchObject({
      url: { msg: 'must be a text' },
      description: { msg: 'must be a text', value: null },
    })
  })
})
