/** @module Comments as an instance lists them, and what it may send instead. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { UnrenderedComment } from '../../src/events/types.ts'
import type { Get } from '../../src/peertube/client.ts'
import { readCommentList, readThreads } from '../../src/peertube/comments.ts'
import recordedList from '../fixtures/recordings/get_all_comments_admin.json'
import noThreads from '../fixtures/recordings/get_comment_threads_comments_disabled.json'
import recordedThreads from '../fixtures/recordings/get_comment_threads_desc_createdAt.json'
import recordedMine from '../fixtures/recordings/get_my_videos_comments_sorted.json'
import { answering, failure, OBSERVATION, ORIGIN } from '../support/answering.ts'
import { anyValue, spoiled } from '../support/hostile.ts'

const [listed] = recordedList.response.body.data
const VIDEO = '43493d1c-8fbe-411e-9932-9ee0e7172022'
const OPTIONS = { start: 0, token: 'secret', mine: false }

async function readList(body: unknown) {
  const page = await readCommentList(answering(body).get, ORIGIN, OPTIONS, null)
  if (page.kind !== 'page') throw new Error(JSON.stringify(page))
  return page
}

const readOne = (change: object) => readList({ data: [{ ...listed, ...change }] })

/** What holds for every comment, whatever the instance sent. */
function expectSound(comment: UnrenderedComment) {
  expect(Number.isSafeInteger(comment.id) && comment.id > 0).toBe(true)
  expect(Number.isSafeInteger(comment.threadId) && comment.threadId > 0).toBe(true)
  expect(comment.url).toMatch(/^https?:\/\//i)
  expect(new Date(comment.createdAt).toISOString()).toBe(comment.createdAt)
  expect(new Date(comment.updatedAt).toISOString()).toBe(comment.updatedAt)
  expect(comment.text.length).toBeLessThanOrEqual(10_000)
  expect(JSON.stringify(comment)).not.toMatch(/\\u0000|\\ud[89a-f]/)
}

describe('readCommentList', () => {
  it('reads the list of a moderator', async () => {
    const { get, asked } = answering(recordedList.response.body)
    const page = await readCommentList(get, ORIGIN, { ...OPTIONS, start: 100 }, 'W/"0"')
    if (page.kind !== 'page') throw new Error(page.kind)
    const [{ url, options } = {}] = asked
    expect(url?.pathname).toBe('/api/v1/videos/comments')
    expect(Object.fromEntries(url?.searchParams ?? [])).toEqual({
      sort: '-createdAt',
      count: '100',
      start: '100',
      onLocalVideo: 'true',
    })
    expect(options).toEqual({ etag: 'W/"0"', token: 'secret' })
    expect(page).toMatchObject({ total: 5, listed: 5, skipped: [], etag: 'W/"1"' })
    expect(page.comments[2]).toEqual({
      comment: {
        id: 3,
        threadId: 1,
        inReplyToCommentId: 2,
        url: `https://peertube.example/videos/watch/${VIDEO}/comments/3`,
        text: 'Deep reply **bold** https://example.org',
        createdAt: '2026-11-23T21:19:11.524Z',
        updatedAt: '2026-11-23T21:19:11.531Z',
        heldForReview: false,
        account: {
          name: 'alice',
          displayName: 'alice',
          host: 'peertube.example',
          handle: 'alice@peertube.example',
          url: 'https://peertube.example/accounts/alice',
          avatarUrl: null,
        },
      },
      video: { uuid: VIDEO, name: 'Alice video 1' },
    })
  })

  it('reads the list of the comments on own videos, always with a sort', async () => {
    const { get, asked } = answering(recordedMine.response.body)
    const page = await readCommentList(get, ORIGIN, { ...OPTIONS, mine: true }, null)
    expect(page).toMatchObject({ kind: 'page', total: 6, listed: 6, skipped: [] })
    expect(asked[0]?.url.pathname).toBe('/api/v1/users/me/videos/comments')
    expect(asked[0]?.url.search).toBe('?sort=-createdAt&count=100&start=0')
  })

  it.each([
    [{ id: -1 }, 'id'],
    [{ id: 0 }, 'id'],
    [{ id: 1.5 }, 'id'],
    [{ id: '7' }, 'id'],
    [{ id: 2 ** 53 }, 'id'],
    [{ threadId: null }, 'threadId'],
    [{ inReplyToCommentId: -1 }, 'inReplyToCommentId'],
    [{ text: 7 }, 'text'],
    [{ createdAt: '2026-02-31T99:00:00Z' }, 'createdAt'],
    [{ updatedAt: '9'.repeat(1_000) }, 'updatedAt'],
    [{ heldForReview: 'no' }, 'heldForReview'],
    [{ account: { ...listed?.account, url: 'javascript:alert(1)' } }, 'account.url'],
    [{ video: null }, 'video'],
    [{ video: { uuid: 'x', name: 'x' } }, 'video.uuid'],
  ])('leaves out an item with %j, names the field, and keeps the others', async (change, field) => {
    const page = await readList({ data: [{ ...listed, ...change }, listed] })
    expect(page.comments).toHaveLength(1)
    expect(page.listed).toBe(2)
    expect(page.skipped).toEqual([expect.stringMatching(new RegExp(`^comment 0: ${field}: `))])
  })

  it.each([
    ['javascript:alert(1)', `${ORIGIN}/w/eozmzJ4DTRhFb3UdjpnJdc;threadId=7`],
    [null, `${ORIGIN}/w/eozmzJ4DTRhFb3UdjpnJdc;threadId=7`],
    [undefined, `${ORIGIN}/w/eozmzJ4DTRhFb3UdjpnJdc;threadId=7`],
    [7, `${ORIGIN}/w/eozmzJ4DTRhFb3UdjpnJdc;threadId=7`],
    ['https://mastodon.example/@a/1', 'https://mastodon.example/@a/1'],
  ])('with the URL %j is found at %s', async (url, expected) => {
    expect((await readOne({ url })).comments[0]?.comment.url).toBe(expected)
  })

  it('reads what only some versions give as that it is not so', async () => {
    const { heldForReview, inReplyToCommentId, ...rest } = listed ?? {}
    const page = await readList({ data: [{ ...rest, account: undefined }] })
    expect(page).toMatchObject({ total: null, skipped: [] })
    expect(page.comments[0]?.comment).toMatchObject({
      heldForReview: false,
      inReplyToCommentId: null,
      account: null,
    })
    expect((await readOne({ heldForReview: true })).comments[0]?.comment.heldForReview).toBe(true)
  })

  it('cuts long texts, drops control characters and mends broken ones', async () => {
    const page = await readOne({ text: `a\u0000b\u001b[2J\ud800${'x'.repeat(100_000)}` })
    expect(page.comments[0]?.comment.text).toMatch(/^ab\[2J\ufffdx+$/)
    expect(page.comments[0]?.comment.text).toHaveLength(10_000)
  })

  it('passes on that nothing changed, and that there was no answer', async () => {
    const notModified: Get = async () => ({
      kind: 'not-modified',
      maxAgeSeconds: null,
      observation: OBSERVATION,
    })
    expect(await readCommentList(notModified, ORIGIN, OPTIONS, 'x')).toMatchObject({ kind: 'not-modified' })
    expect(await readCommentList(async () => failure(403), ORIGIN, OPTIONS, null)).toEqual(failure(403))
  })

  it.each([
    [null],
    [[]],
    [{}],
    [{ data: {} }],
    [{ data: 'x'.repeat(1_000_000) }],
    [{ data: Array.from({ length: 101 }, () => ({})) }],
  ])('says what is wrong with what is no list (%#)', async (body) => {
    const answer = await readCommentList(answering(body).get, ORIGIN, OPTIONS, null)
    expect(answer).toMatchObject({ kind: 'failed', reason: 'schema' })
    expect(JSON.stringify(answer).length).toBeLessThan(600)
  })

  it('never throws, and makes nothing up, whatever comes', async () => {
    const body = fc.oneof(
      fc.record({ data: fc.array(spoiled(listed), { maxLength: 5 }), total: anyValue }),
      anyValue,
    )
    await fc.assert(
      fc.asyncProperty(body, async (sent) => {
        const page = await readCommentList(answering(sent).get, ORIGIN, OPTIONS, null)
        if (page.kind === 'page') {
          expect(page.comments.length + page.skipped.length).toBe(page.listed)
          for (const { comment, video } of page.comments) {
            expectSound(comment)
            expect(video.uuid).toMatch(/^[0-9a-f-]{36}$/)
          }
        }
        expect(Object.prototype).not.toHaveProperty('polluted')
      }),
      { numRuns: 200 },
    )
  })
})

describe('readThreads', () => {
  it('reads the comments that began the threads of a video', async () => {
    const { get, asked } = answering(recordedThreads.response.body)
    const page = await readThreads(get, ORIGIN, VIDEO, 0)
    if (page.kind !== 'page') throw new Error(page.kind)
    expect(asked[0]?.url.href).toBe(
      `${ORIGIN}/api/v1/videos/${VIDEO}/comment-threads?sort=-createdAt&count=100&start=0`,
    )
    expect(page).toMatchObject({ total: 3, listed: 3, skipped: [] })
    expect(page.roots.map(({ comment, ...rest }) => ({ id: comment.id, ...rest }))).toEqual([
      { id: 5, isDeleted: true, totalReplies: 1 },
      { id: 4, isDeleted: true, totalReplies: 0 },
      { id: 1, isDeleted: false, totalReplies: 2 },
    ])
    expect(page.roots[0]?.comment).toMatchObject({ text: '', account: null })
  })

  it('reads that there are none where comments are disabled', async () => {
    const page = await readThreads(answering(noThreads.response.body).get, ORIGIN, VIDEO, 0)
    expect(page).toMatchObject({ kind: 'page', roots: [], total: 0 })
  })

  it('keeps nothing of a deleted one, whatever the instance left', async () => {
    const body = { data: [{ ...listed, isDeleted: true }] }
    const page = await readThreads(answering(body).get, ORIGIN, VIDEO, 0)
    expect(page).toMatchObject({
      roots: [{ isDeleted: true, comment: { text: '', account: null } }],
    })
  })

  it('asks for no other path than that of a video, whatever it is called', async () => {
    const { get, asked } = answering({ data: [] })
    await readThreads(get, ORIGIN, '../../users/me?x=', 0)
    expect(asked[0]?.url.pathname).toBe('/api/v1/videos/..%2F..%2Fusers%2Fme%3Fx%3D/comment-threads')
  })
})
