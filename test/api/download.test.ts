/** @module /download: the event log as a file, with the rights and filters of the API. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { exampleEvent } from '../../src/api/event-view.ts'
import { exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import { forgetAll, KEY, send } from '../support/call.ts'
import { parseCsv } from '../support/csv.ts'
import { exampleRows, setLog } from '../support/events.ts'
import { as, loggedIn } from '../support/people.ts'

let alice: Awaited<ReturnType<typeof loggedIn>>

/** Three public events of two instances, and a private one of each of two users. */
beforeEach(async () => {
  await forgetAll()
  alice = await loggedIn('alice')
  const data = JSON.stringify(exampleEvent.data)
  const rows: [string, string, string | null][] = [
    ['evt_1', 'a.example', null],
    ['evt_2', 'b.example', null],
    ['evt_3', 'a.example', alice.id],
    ['evt_4', 'a.example', 'usr_administrator'],
    ['evt_5', 'a.example', null],
  ]
  await env.DB.batch(
    rows.map(([id, instance, owner], index) =>
      env.DB.prepare(
        `INSERT INTO events (id, type, instance, subject, owner_id, seen_at, poll_id, data) VALUES (?, 'video.published', ?, 'v', ?, ?, 'p', ?)`,
      ).bind(id, instance, owner, Date.UTC(2026, 10, 25, 10, index), data),
    ),
  )
})

async function ids(query: string, token = alice.token): Promise<string[]> {
  const response = await send('GET', `/download/events.ndjson${query}`, as(token))
  const lines = (await response.text()).split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => JSON.parse(line).id)
}

describe('A download', () => {
  it('is what the API shows, line by line, as a file', async () => {
    const response = await send('GET', '/download/events.ndjson', as(KEY))
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="events.ndjson"')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-ratelimit-limit')).not.toBeNull()
    const list: { data: unknown[] } = await (await send('GET', '/api/v1/events', as(KEY))).json()
    const lines = (await response.text()).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(list.data)
  })

  it.each([
    ['', ['evt_1', 'evt_2', 'evt_3', 'evt_5']],
    ['?instance=A.example', ['evt_1', 'evt_3', 'evt_5']],
    ['?type=video.*', ['evt_1', 'evt_2', 'evt_3', 'evt_5']],
    ['?type=live.*', []],
    ['?type=live.*,video.published&instance=b.example,nowhere.example', ['evt_2']],
    ['?q=no%20such%20title', []],
    ['?localOnly=false&nsfw=false', ['evt_1', 'evt_2', 'evt_3', 'evt_5']],
    ['?since=2026-11-25T10:02:00Z', ['evt_3', 'evt_5']],
    ['?until=2026-11-25T10:01:00.000Z', ['evt_1']],
  ])('of %s has what the filter lets through, and nobody else’s private events', async (query, expected) => {
    expect(await ids(query)).toEqual(expected)
  })

  it('goes on after a sequence', async () => {
    const response = await send('GET', '/download/events.ndjson', as(alice.token))
    const [, second = ''] = (await response.text()).split('\n')
    expect(await ids(`?after=${JSON.parse(second).sequence}`)).toEqual(['evt_3', 'evt_5'])
  })

  it('as CSV has a head and a line for each', async () => {
    const response = await send('GET', '/download/events.csv?instance=b.example', as(alice.token))
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    const lines = (await response.text()).split('\r\n')
    expect(lines[0]).toMatch(/^sequence,id,type,/)
    expect(lines[1]).toContain(',evt_2,video.published,')
    expect(lines).toHaveLength(3)
  })

  it.each(['ndjson', 'csv'])('of every type of event as %s has the payloads whole', async (format) => {
    await setLog(exampleRows(alice.id))
    const text = await (await send('GET', `/download/events.${format}`, as(alice.token))).text()
    const payloads =
      format === 'csv'
        ? parseCsv(text)
            .slice(1)
            .map((cells) => JSON.parse(cells.at(-1) ?? ''))
        : text
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line).data)
    expect(payloads).toEqual(EVENT_TYPES.map((type) => exampleOf(type).data))
    const others = await (await send('GET', `/download/events.${format}`, as(KEY))).text()
    expect(others).not.toMatch(/notification\.|connection\./)
  })

  it('needs a caller who may', async () => {
    expect((await send('GET', '/download/events.csv')).status).toBe(401)
  })
})
