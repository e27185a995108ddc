/** @module GET /api/v1/events as somebody looks through the log: the newest first, and with every filter. */
import { beforeEach, describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import type { EventType } from '../../src/events/types.ts'
import { call, forgetAll } from '../support/call.ts'
import { exampleRows, type LogRow, logRow, OTHER, setLog, VIEWER } from '../support/events.ts'

/** An event of the catalogue, with another title. */
function titled(sequence: number, name: string, like: Partial<LogRow> & { type?: EventType } = {}): LogRow {
  const { data } = exampleOf(like.type ?? 'video.published')
  const shown = data as { video: Record<string, unknown> }
  return logRow({ sequence, data: JSON.stringify({ ...shown, video: { ...shown.video, name } }), ...like })
}

async function sequences(query: string): Promise<unknown[]> {
  const { status, body } = await call('GET', `/events?${query}`)
  expect(status).toBe(200)
  return body.data.map(({ sequence }) => sequence)
}

beforeEach(async () => {
  await forgetAll()
  await setLog([
    titled(1, 'A walrus'),
    titled(2, 'A seal', { instance: 'b.example' }),
    titled(3, 'Walruses', { ownerId: OTHER }),
    titled(4, 'The WALRUS’ tusk', { ownerId: VIEWER }),
    titled(5, 'A walrus again', { type: 'video.updated', instance: 'b.example' }),
  ])
})

describe('The event log', () => {
  it('comes newest first when that is asked for, page by page with `before`', async () => {
    const first = await call('GET', '/events?order=newest&limit=2')
    expect(first.body.data.map(({ sequence }) => sequence)).toEqual([5, 4])
    expect(first.body['next']).toBe('4')
    const second = await call('GET', `/events?order=newest&limit=2&before=${first.body['next']}`)
    expect(second.body.data.map(({ sequence }) => sequence)).toEqual([2, 1])
    expect(second.body['next']).toBeUndefined()
  })

  it.each<[string, number[]]>([
    ['order=oldest', [1, 2, 4, 5]],
    ['order=newest&after=1', [5, 4, 2]],
    ['before=5', [1, 2, 4]],
    ['q=walrus', [1, 4, 5]],
    ['q=walrus&order=newest', [5, 4, 1]],
    ['q=walrus&after=1&before=5', [4]],
    ['q=the%20walrus', [4]],
    ['type=video.updated,video.deleted', [5]],
    ['type=video.updated&type=video.published', [1, 2, 4, 5]],
    ['type=*', [1, 2, 4, 5]],
    ['instance=https://B.example/videos,nowhere.example', [2, 5]],
    ['instance=b.example&q=walrus', [5]],
    ['tag=nobody-has-this', []],
    ['nsfw=true', []],
    ['nsfw=false', [1, 2, 4, 5]],
    ['minDuration=604800', []],
    ['notificationKind=newFollow', []],
    ['q=walrus&since=2999-01-01T00:00:00Z', []],
    // What a newer version knows.
    ['type=planet.landed', []],
  ])('lets through what fits ?%s', async (query, expected) => {
    expect(await sequences(query)).toEqual(expected)
  })

  it.each<[string, EventType]>([
    ['title', 'video.published'],
    ['comment', 'comment.created'],
  ])('is searched by what people remember: a %s', async (_, type) => {
    await setLog(exampleRows(VIEWER))
    const { sequence, data } = exampleOf(type)
    const { video, comment } = data as { video: { name: string }; comment?: { text: string } }
    const said = comment?.text ?? video.name
    expect(await sequences(`q=${encodeURIComponent(said.toUpperCase())}`)).toContain(sequence)
  })

  it('is found by the channel, the account and the video that an event shows', async () => {
    const { video } = exampleOf('video.published').data as {
      video: { uuid: string; channel: { handle: string }; account: { handle: string } }
    }
    const queries = [
      `channel=${video.channel.handle}`,
      `account=${video.account.handle}`,
      `video=${video.uuid}`,
    ]
    // The last is about another video of the same channel.
    for (const query of queries)
      expect(await sequences(`${query}&type=video.published`), query).toEqual([1, 2, 4])
    expect(await sequences('channel=other@a.example')).toEqual([])
  })

  it('of what happened to endpoints is named by `tubewire`, and by no other instance', async () => {
    await setLog(exampleRows(VIEWER))
    const all = await sequences('type=endpoint.*')
    expect(all.length).toBeGreaterThan(0)
    expect(await sequences('type=endpoint.*&instance=tubewire')).toEqual(all)
    expect(await sequences('type=endpoint.*&instance=a.example')).toEqual([])
    expect(await sequences('type=endpoint.*&instance=a.example&q=walrus')).toEqual([])
  })

  it.each([
    ['order=random', 'order'],
    ['before=x', 'before'],
    ['wait=1&order=newest', 'wait'],
    ['wait=1&before=7', 'wait'],
    ['type=Video', 'type'],
    ['type=video.published,video', 'type'],
    ['channel=news', 'channel'],
    ['minDuration=5&maxDuration=4', 'maxDuration'],
    ['nsfw=perhaps', 'nsfw'],
  ])('refuses ?%s by name', async (query, name) => {
    const { status, body } = await call('GET', `/events?${query}`)
    expect(status).toBe(400)
    expect(body['detail']).toBe(`Incorrect request parameters: ${name}`)
  })
})
