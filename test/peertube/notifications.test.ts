/** @module Notifications as an instance lists them: each kind by its name, and what is kept of those without one. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOTIFICATION_KINDS, notificationKind } from '../../src/events/notification-kinds.ts'
import { readNotifications } from '../../src/peertube/notifications.ts'
import ofAlice from '../fixtures/recordings/get_notifications_alice.json'
import ofBob from '../fixtures/recordings/get_notifications_bob.json'
import ofRoot from '../fixtures/recordings/get_notifications_root.json'
import { answering, failure, ORIGIN } from '../support/answering.ts'
import { anyValue, spoiled } from '../support/hostile.ts'

const OPTIONS = { start: 0, token: 'secret' }
const VIDEO = {
  id: 1,
  uuid: '43493d1c-8fbe-411e-9932-9ee0e7172022',
  shortUUID: '9iUHktDza4U9nkpgptkJ5b',
  name: 'V',
}
const bare = {
  id: 17,
  type: 2,
  read: false,
  createdAt: '2026-11-23T21:19:11.774Z',
  updatedAt: '2026-11-23T21:19:11.774Z',
}

async function read(data: unknown[]) {
  const page = await readNotifications(answering({ total: data.length, data }).get, ORIGIN, OPTIONS, null)
  if (page.kind !== 'page') throw new Error(JSON.stringify(page))
  return page
}

/** What is read of a notification with this payload. */
async function readOne(change: object) {
  const { notifications, skipped } = await read([{ ...bare, ...change }])
  const [first] = notifications
  if (!first) throw new Error(skipped.join())
  return first
}

describe('readNotifications', () => {
  it('reads the notifications of an account, newest first', async () => {
    const { get, asked } = answering(ofAlice.response.body)
    const page = await readNotifications(get, ORIGIN, { ...OPTIONS, start: 100 }, 'W/"0"')
    if (page.kind !== 'page') throw new Error(page.kind)
    expect(asked).toEqual([
      {
        url: new URL(`${ORIGIN}/api/v1/users/me/notifications?sort=-createdAt&count=100&start=100`),
        options: { etag: 'W/"0"', token: 'secret' },
      },
    ])
    expect(page).toMatchObject({ listed: 8, skipped: [], etag: 'W/"1"' })
    expect(page.notifications.map(({ notification }) => notification.id)).toEqual([
      19, 18, 17, 16, 15, 13, 2, 1,
    ])
    expect(page.notifications[0]).toEqual({
      raw: null,
      notification: {
        id: 19,
        type: 2,
        kind: 'newCommentOnMyVideo',
        read: false,
        createdAt: '2026-11-23T21:19:12.003Z',
        updatedAt: '2026-11-23T21:19:12.003Z',
        comment: {
          id: 7,
          threadId: 7,
          heldForReview: false,
          url: `${ORIGIN}/w/eozmzJ4DTRhFb3UdjpnJdc;threadId=7`,
          account: {
            id: 4,
            displayName: 'bob',
            name: 'bob',
            host: 'peertube.example',
            handle: 'bob@peertube.example',
            avatars: [],
          },
          video: {
            id: 2,
            uuid: '6c6db89f-2484-4629-bcaf-372d03aca0a3',
            shortUUID: 'eozmzJ4DTRhFb3UdjpnJdc',
            name: 'Alice video 2 (renamed)',
            url: `${ORIGIN}/w/eozmzJ4DTRhFb3UdjpnJdc`,
          },
        },
      },
    })
    expect(page.notifications[6]?.notification).toMatchObject({
      kind: 'newFollow',
      actorFollow: {
        follower: { handle: 'carol@peertube.example' },
        following: { type: 'channel', handle: 'alice_channel@peertube.example' },
      },
    })
  })

  it('reads one of which nothing is left but that it was', async () => {
    expect(await readOne({})).toEqual({ raw: null, notification: { ...bare, kind: 'newCommentOnMyVideo' } })
    expect(await readOne({ comment: null, video: 7, abuse: 'x', plugin: [] })).toEqual(await readOne({}))
  })

  it.each([...ofRoot.response.body.data, ...ofBob.response.body.data])(
    'tells what $type is about in the field that its kind names',
    async (item) => {
      const { notification } = await readOne(item)
      const known = NOTIFICATION_KINDS.find(({ type }) => type === item.type)
      expect(notification.kind).toBe(known?.kind)
      expect(notification).toHaveProperty(known?.payload ?? '')
    },
  )

  it('finds videos and comments wherever they are', async () => {
    const url = `${ORIGIN}/w/9iUHktDza4U9nkpgptkJ5b`
    const { notification } = await readOne({
      videoImport: { id: 1, video: VIDEO, targetUrl: 'javascript:alert(1)' },
      abuse: { id: 1, comment: { threadId: 5, video: VIDEO } },
      videoCaption: { id: 1, video: { ...VIDEO, shortUUID: undefined } },
      videoBlacklist: { id: 1, video: { ...VIDEO, uuid: 'x', shortUUID: '../..', url: 'javascript:x' } },
      data: { some: 'thing', url: '/somewhere' },
    })
    expect(notification).toMatchObject({
      videoImport: { video: { url }, targetUrl: null },
      abuse: { comment: { url: `${url};threadId=5`, video: { url } } },
      videoCaption: { video: { url: `${ORIGIN}/videos/watch/${VIDEO.uuid}` } },
      videoBlacklist: { video: { url: null } },
      data: { some: 'thing', url: `${ORIGIN}/somewhere` },
    })
  })

  it('makes the URLs of avatars absolute', async () => {
    const avatars = [
      { path: '/lazy-static/avatars/a.png', width: 48 },
      { path: '/a.png', fileUrl: 'https://files.example/a.png' },
      { path: 'javascript:alert(1)' },
      { width: 48 },
    ]
    const { notification } = await readOne({ account: { name: 'a', host: 'h', avatars, avatar: avatars[0] } })
    expect(notification).toMatchObject({
      account: {
        handle: 'a@h',
        avatar: { url: `${ORIGIN}/lazy-static/avatars/a.png` },
        avatars: [
          { path: '/lazy-static/avatars/a.png', url: `${ORIGIN}/lazy-static/avatars/a.png` },
          { url: 'https://files.example/a.png' },
          { url: null },
          { width: 48 },
        ],
      },
    })
  })

  it('keeps what the instance sent of a type that is not known', async () => {
    const { notification, raw } = await readOne({
      type: 99,
      read: true,
      video: VIDEO,
      novelty: { deep: [1] },
    })
    expect(notification).toMatchObject({ type: 99, kind: 'unknown', read: true, video: { name: 'V' } })
    expect(notification).not.toHaveProperty('novelty')
    expect(raw).toEqual({ ...bare, type: 99, read: true, video: VIDEO, novelty: { deep: [1] } })
    const large = await readOne({ type: 99, novelty: Array(1_000).fill('x'.repeat(10_000)) })
    expect(JSON.stringify(large.raw).length).toBeLessThan(10_000)
  })

  it.each([
    [{ id: -1 }, 'id'],
    [{ id: '17' }, 'id'],
    [{ type: null }, 'type'],
    [{ type: 2.5 }, 'type'],
    [{ read: 0 }, 'read'],
    [{ createdAt: 'soon' }, 'createdAt'],
    [{ updatedAt: null }, 'updatedAt'],
  ])('leaves out an item with %j, names the field, and keeps the others', async (change, field) => {
    const page = await read([{ ...bare, ...change }, bare])
    expect(page.notifications).toHaveLength(1)
    expect(page.listed).toBe(2)
    expect(page.skipped).toEqual([expect.stringMatching(new RegExp(`^notification 0: ${field}: `))])
  })

  it.each([[null], [{}], [{ data: 'x' }], [{ data: Array.from({ length: 101 }, () => bare) }]])(
    'says what is wrong with what is no list (%#)',
    async (body) => {
      const answer = await readNotifications(answering(body).get, ORIGIN, OPTIONS, null)
      expect(answer).toMatchObject({ kind: 'failed', reason: 'schema' })
    },
  )

  it('passes on that there was no answer', async () => {
    expect(await readNotifications(async () => failure(401), ORIGIN, OPTIONS, null)).toEqual(failure(401))
  })

  it('never throws, and keeps its bounds, whatever comes', async () => {
    const [sample] = ofAlice.response.body.data
    const item = fc.oneof(
      spoiled({ ...sample, account: { name: 'a', host: 'h', avatars: [{ path: '/a', width: 1 }] } }),
      anyValue.map((value) => ({ ...bare, type: 99, video: value, data: { deep: value }, more: value })),
    )
    const body = fc.oneof(fc.record({ data: fc.array(item, { maxLength: 5 }) }), anyValue)
    await fc.assert(
      fc.asyncProperty(body, async (sent) => {
        const page = await readNotifications(answering(sent).get, ORIGIN, OPTIONS, null)
        for (const { notification, raw } of page.kind === 'page' ? page.notifications : []) {
          expect(Number.isSafeInteger(notification.id) && notification.id > 0).toBe(true)
          expect(new Date(notification.createdAt).toISOString()).toBe(notification.createdAt)
          const kept = JSON.stringify([notification, raw])
          expect(kept.length).toBeLessThan(60_000)
          expect(kept).not.toMatch(/\\u0000|\\ud[89a-f]|"__proto__":|"url":"javascript/)
        }
        expect(Object.prototype).not.toHaveProperty('polluted')
      }),
      { numRuns: 200 },
    )
  })
})

describe('the kinds of notifications', () => {
  it('have the numbers from 1 to 31, and a name each', () => {
    expect(NOTIFICATION_KINDS.map(({ type }) => type)).toEqual(
      Array.from({ length: 31 }, (_, index) => index + 1),
    )
    const kinds = NOTIFICATION_KINDS.map(({ kind }) => kind)
    expect(new Set(kinds).size).toBe(31)
    for (const kind of kinds) expect(kind).toMatch(/^[a-z][A-Za-z]+$/)
    expect([notificationKind(1), notificationKind(31), notificationKind(32)]).toEqual([
      'newVideoFromSubscription',
      'channelOwnershipChangedRejected',
      'unknown',
    ])
  })
})
