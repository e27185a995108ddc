/** @module The feed of the newest comments, in which every reply of a thread has the same id. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCommentFeed } from '../../src/peertube/comment-feed.ts'
import recorded from '../fixtures/recordings/feed_comments_json.json'
import { answering, failure, ORIGIN } from '../support/answering.ts'
import { anyValue, spoiled } from '../support/hostile.ts'

const { body } = recorded.response
const [item] = body.items

async function read(items: unknown[]) {
  const feed = await readCommentFeed(answering({ items }).get, ORIGIN, null)
  if (feed.kind !== 'feed') throw new Error(JSON.stringify(feed))
  return feed
}

describe('readCommentFeed', () => {
  it('reads the recorded feed from the bucket of feeds, and for how long it stays the same', async () => {
    const { get, asked } = answering(body, { maxAgeSeconds: 900 })
    const feed = await readCommentFeed(get, ORIGIN, 'W/"0"')
    if (feed.kind !== 'feed') throw new Error(feed.kind)
    expect(asked).toEqual([
      { url: new URL(`${ORIGIN}/feeds/video-comments.json`), options: { etag: 'W/"0"', bucket: 'feeds' } },
    ])
    expect(feed).toMatchObject({ skipped: [], maxAgeSeconds: 900, etag: 'W/"1"' })
    expect(feed.items).toHaveLength(body.items.length)
    expect(feed.items[0]).toEqual({
      videoShortUuid: 'eozmzJ4DTRhFb3UdjpnJdc',
      threadId: 7,
      at: Date.UTC(2026, 10, 23, 21, 19, 11, 966),
      key: expect.stringMatching(/^[0-9a-f]{24}$/),
    })
    expect(new Set(feed.items.map(({ key }) => key)).size).toBe(feed.items.length)
  })

  it.each([
    ['date', { date_modified: '2026-11-23T21:19:11.967Z' }],
    ['author', { author: { name: 'eve', url: 'https://peertube.example/accounts/eve' } }],
    ['text', { content_html: '<p>On video 3</p>\n' }],
  ])('tells a reply from another by its %s, and knows it again', async (_what, change) => {
    const first = await read([item, { ...item, ...change }])
    const [one, other] = first.items
    expect(one?.key).not.toBe(other?.key)
    expect(await read([item, { ...item, ...change }])).toEqual(first)
  })

  it('takes a link with the long UUID for the same video', async () => {
    const url = `${ORIGIN}/videos/watch/6c6db89f-2484-4629-bcaf-372d03aca0a3;threadId=7`
    expect((await read([{ ...item, url }])).items[0]?.videoShortUuid).toBe('eozmzJ4DTRhFb3UdjpnJdc')
  })

  it.each([
    [{ url: `${ORIGIN}/w/eozmzJ4DTRhFb3UdjpnJdc` }, 'Expected a link to a thread'],
    [{ url: `${ORIGIN}/w/OOOO;threadId=7` }, 'Expected a link to a thread'],
    [{ url: `${ORIGIN}/w/eozmzJ4DTRhFb3UdjpnJdc;threadId=-7` }, 'Expected a link to a thread'],
    [{ url: `${ORIGIN}/w/eozmzJ4DTRhFb3UdjpnJdc;threadId=9999999999999999` }, 'Expected a link to a thread'],
    [{ url: undefined }, 'url'],
    [{ date_modified: 'today' }, 'date_modified'],
    [{ author: 7 }, 'author'],
    [{ content_html: 7 }, 'content_html'],
  ])('leaves out an item with %j, says why, and keeps the others', async (change, why) => {
    const feed = await read([{ ...item, ...change }, item])
    expect(feed.items).toHaveLength(1)
    expect(feed.skipped).toEqual([expect.stringContaining(why)])
    expect(feed.skipped[0]).toMatch(/^item 0 of the feed: /)
  })

  it.each([[null], [{}], [{ items: 7 }], [{ items: Array.from({ length: 501 }, () => item) }]])(
    'says what is wrong with what is no feed (%#)',
    async (sent) => {
      const feed = await readCommentFeed(answering(sent).get, ORIGIN, null)
      expect(feed).toMatchObject({ kind: 'failed', reason: 'schema' })
    },
  )

  it('passes on that there was no answer', async () => {
    expect(await readCommentFeed(async () => failure(502), ORIGIN, null)).toEqual(failure(502))
  })

  it('never throws, whatever comes', async () => {
    const sent = fc.oneof(fc.record({ items: fc.array(spoiled(item), { maxLength: 5 }) }), anyValue)
    await fc.assert(
      fc.asyncProperty(sent, async (sent) => {
        const feed = await readCommentFeed(answering(sent).get, ORIGIN, null)
        for (const { videoShortUuid, threadId, at } of feed.kind === 'feed' ? feed.items : []) {
          expect(videoShortUuid).toHaveLength(22)
          expect(Number.isSafeInteger(threadId) && threadId > 0).toBe(true)
          expect(Number.isSafeInteger(at)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })
})
