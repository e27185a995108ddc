/** @module What two independent parsers read in our feeds is what the events say: of every type, and of hostile texts. */
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import type { PublicEvent } from '../../src/events/envelope.ts'
import { EVENT_TYPES, type EventType } from '../../src/events/types.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { renderFeed } from '../../src/feeds/formats.ts'
import { feedOf, itemOf } from '../support/feeds.ts'
import { type ReadEntry, readWithFeedparser, readWithRssParser } from '../support/read-feeds.ts'

const READERS = [
  ['atom', 'feedparser', readWithFeedparser],
  ['atom', 'rss-parser', readWithRssParser],
  ['rss', 'feedparser', readWithFeedparser],
  ['rss', 'rss-parser', readWithRssParser],
] as const
type Format = (typeof READERS)[number][0]
type Mode = Feed['mode']

const HOST = 'https://peertube.example'
const event = (id: string) => `https://tubewire.example/api/v1/events/${id}`
const { video: published } = exampleOf('video.published').data
const { video: edited } = exampleOf('video.updated').data
const { video: hidden } = exampleOf('video.unpublished').data
const { video: deleted } = exampleOf('video.deleted').data
const { video: live } = exampleOf('live.started').data
const { video: replay } = exampleOf('live.ended').data
const { comment: reply } = exampleOf('comment.created').data
const { comment: root } = exampleOf('comment.updated').data
const { notification } = exampleOf('notification.created').data
const { notification: unknown } = exampleOf('notification.unknown').data

/** What an entry says: where there are two, in the mode `events` and in the mode `subjects`. */
type Expected = {
  title: string | [string, string]
  link: string
  /** Of the subject: of the event it is when it was seen. */
  made?: string
  html: string
  summary?: string
  authors?: [name: string, url: string][]
  categories?: string[]
  image?: string | null
  embed?: string | null
  duration?: number
  rating?: string
  language?: string
}

const alice: [string, string][] = [
  ['Main alice channel', `${HOST}/video-channels/alice_channel`],
  ['alice', `${HOST}/accounts/alice`],
]
const bob: [string, string][] = [
  ['Main bob channel', `${HOST}/video-channels/bob_channel`],
  ['bob', `${HOST}/accounts/bob`],
]
const lesson = ['Science & Technology']
const ours = (html: string) => ({ html: `<p>${html}</p>`, summary: html })
const upkeep = (title: string, text = title): Expected => ({ title, link: `${HOST}/`, ...ours(text) })

const EXPECTED: Record<EventType, Expected> = {
  'video.published': {
    title: ['New video: Alice video 1', 'Alice video 1'],
    link: published.url,
    made: published.publishedAt,
    html: '<p>Description of video 1<br />\nwith two lines</p>',
    summary: 'Description of video 1\nwith two lines',
    authors: alice,
    categories: ['alpha', 'tag1', ...lesson],
    image: published.thumbnailUrl,
    embed: published.embedUrl,
    duration: 2,
    rating: 'nonadult',
    language: 'en',
  },
  'video.updated': {
    title: ['Video edited (name): Alice video 2 (renamed)', 'Alice video 2 (renamed)'],
    link: edited.url,
    made: edited.publishedAt,
    html: '<p>Description of video 2<br />\nwith two lines</p>',
    summary: 'Description of video 2\nwith two lines',
    authors: alice,
    categories: lesson,
    image: edited.thumbnailUrl,
    embed: edited.embedUrl,
    duration: 3,
    rating: 'nonadult',
    language: 'en',
  },
  'video.unpublished': {
    title: ['Video no longer public: Alice private', 'Alice private'],
    link: hidden.url,
    made: hidden.publishedAt,
    ...ours('Video no longer public: Alice private (Main alice channel)'),
    authors: alice,
    rating: 'nonadult',
  },
  'video.deleted': {
    title: ['Video deleted: Bob video', 'Bob video'],
    link: event(exampleOf('video.deleted').id),
    made: deleted.publishedAt,
    ...ours('Video deleted: Bob video (Main bob channel)'),
    authors: bob,
    rating: 'nonadult',
  },
  'live.started': {
    title: ['Live now: Alice live', 'Alice live'],
    link: live.url,
    made: live.publishedAt,
    ...ours('Live now: Alice live (Main alice channel)'),
    authors: alice,
    categories: lesson,
    image: live.thumbnailUrl,
    embed: live.embedUrl,
    rating: 'nonadult',
    language: 'en',
  },
  'live.ended': {
    title: ['Live ended, to be watched again: Alice live', 'Alice live'],
    link: replay.url,
    made: replay.publishedAt,
    ...ours('Live ended, to be watched again: Alice live (Main alice channel)'),
    authors: alice,
    categories: lesson,
    image: replay.thumbnailUrl,
    embed: replay.embedUrl,
    duration: 1260,
    rating: 'nonadult',
    language: 'en',
  },
  'comment.created': {
    title: ['New reply: Alice video 1', 'alice on Alice video 1'],
    link: reply.url,
    made: reply.createdAt,
    html: reply.html,
    summary: 'Deep reply bold https://example.org',
    authors: alice.slice(1),
    categories: ['alpha', 'tag1', ...lesson],
    rating: 'nonadult',
  },
  'comment.updated': {
    title: ['Comment edited: Alice video 1', 'bob on Alice video 1'],
    link: root.url,
    made: root.createdAt,
    html: root.html,
    summary: 'First! Hello @alice',
    authors: bob.slice(1),
    categories: ['alpha', 'tag1', ...lesson],
    rating: 'nonadult',
  },
  'comment.deleted': {
    title: 'Comment deleted: Alice video 1',
    link: published.url,
    made: exampleOf('comment.deleted').data.comment.createdAt,
    ...ours('Comment deleted: Alice video 1'),
    rating: 'nonadult',
  },
  'notification.created': {
    title: 'Notification for alice: new comment on your video: Alice video 2 (renamed)',
    link: `${HOST}/w/${edited.shortUUID};threadId=7`,
    made: notification.createdAt,
    ...ours('Notification for alice: new comment on your video: Alice video 2 (renamed) (bob)'),
    authors: [['bob', '']],
  },
  'notification.unknown': {
    title: 'Notification for alice: of a kind that is not known here',
    link: event(exampleOf('notification.unknown').id),
    made: unknown.createdAt,
    ...ours('Notification for alice: of a kind that is not known here'),
  },
  'notification.read': {
    title: 'Notification read for alice: new comment on your video: Alice video 2 (renamed)',
    link: `${HOST}/w/${edited.shortUUID};threadId=7`,
    made: notification.createdAt,
    ...ours('Notification read for alice: new comment on your video: Alice video 2 (renamed) (bob)'),
    authors: [['bob', '']],
  },
  'instance.unreachable': upkeep('Instance unreachable: PeerTube', 'gave no answer within 15 s'),
  'instance.recovered': upkeep('Instance answers again: PeerTube'),
  'instance.upgraded': upkeep('PeerTube upgraded from 6.2.1 to 6.3.0: PeerTube'),
  'connection.expired': {
    title: 'Session ended, log in again: alice',
    link: event(exampleOf('connection.expired').id),
    ...ours('peertube.example refuses the session that it renewed: log in again'),
  },
  'endpoint.disabled': {
    title: 'Webhook disabled: The team’s chat',
    link: event(exampleOf('endpoint.disabled').id),
    ...ours('it only failed for 5 days'),
  },
  'endpoint.recovered': {
    title: 'Webhook works again: The team’s chat',
    link: event(exampleOf('endpoint.recovered').id),
    ...ours('Webhook works again: The team’s chat'),
  },
  'delivery.failed': {
    title: 'Webhook could not be delivered: The team’s chat',
    link: event(exampleOf('delivery.failed').id),
    html:
      '<p>video.published evt_fb5a7588a0bf4fcecc66cc55690b46ff: given up after 10 attempts.<br />\n' +
      'answered 500, and so ended the last of 10 attempts</p>',
    summary:
      'video.published evt_fb5a7588a0bf4fcecc66cc55690b46ff: given up after 10 attempts.\n' +
      'answered 500, and so ended the last of 10 attempts',
  },
}

/** RSS tells seconds, no addresses of authors, and its description is read as HTML. */
function expectedEntry(format: Format, mode: Mode, { type, id, instance, timestamp }: PublicEvent) {
  const expected = EXPECTED[type as EventType]
  const { title, html, link, authors = [] } = expected
  const made = Date.parse(mode === 'subjects' ? (expected.made ?? timestamp) : timestamp)
  const summary = expected.summary ?? ''
  return {
    id: `tag:${instance},${timestamp.slice(0, 10)}:${id}`,
    title: typeof title === 'string' ? title : title[mode === 'events' ? 0 : 1],
    link,
    authors: authors.map(([name]) => name),
    authorUrls: format === 'atom' ? authors.map(([, url]) => url) : [],
    published: format === 'atom' ? made : Math.floor(made / 1_000) * 1_000,
    updated: Date.parse(timestamp),
    html,
    summary,
    categories: expected.categories ?? [],
    type,
    image: expected.image ?? '',
    player: expected.embed ?? '',
    enclosure: expected.embed ?? '',
    duration: String(expected.duration ?? ''),
    rating: expected.rating ?? '',
    language: expected.language ?? '',
  } satisfies ReadEntry
}

describe.each(READERS)('In %s, %s', (format, reader, read) => {
  it.each([...EVENT_TYPES])('finds all that an event of the type %s says', async (type) => {
    for (const mode of ['events', 'subjects'] as const) {
      const example = exampleOf(type)
      const text = renderFeed(format, feedOf([itemOf(example)], { mode }))
      const { entries } = await read(format, text)
      expect(entries).toEqual([expectedEntry(format, mode, example)])
    }
  })

  it('finds the entries in their order, and the feed', async () => {
    const examples = EVENT_TYPES.map((type) => exampleOf(type))
    const feed = feedOf(
      examples.map((example) => itemOf(example)),
      { title: 'A & <b> ]]> &amp;' },
    )
    const found = await read(format, renderFeed(format, feed))
    expect(found.entries.map(({ id }) => id.split(':').at(-1))).toEqual(examples.map(({ id }) => id))
    // One takes tags out of a title.
    expect(found.title).toBe(reader === 'feedparser' ? 'A &  ]]> &amp;' : 'A & <b> ]]> &amp;')
    expect(found.self).toBe(feed.urls.self)
    if (reader === 'feedparser') expect(found.hub).toBe(feed.urls.hub)
    if (reader === 'feedparser' || format === 'rss') expect(found.next).toBe(feed.urls.next)
  })

  it('finds no entry in a feed without any', async () => {
    expect((await read(format, renderFeed(format, feedOf([])))).entries).toEqual([])
  })

  it('finds a video marked as sensitive', async () => {
    const { data, ...rest } = exampleOf('video.published')
    const marked = { ...rest, data: { video: { ...data.video, nsfw: true } } }
    const { entries } = await read(format, renderFeed(format, feedOf([itemOf(marked)])))
    expect(entries).toMatchObject([{ rating: 'adult' }])
  })

  it.each([
    ['markup', '<script>alert(1)</script> & <b>', '<script>alert(1)</script> & <b>'],
    ['the end of CDATA', 'a ]]> b <![CDATA[ c ]]]]>', 'a ]]> b <![CDATA[ c ]]]]>'],
    ['references', '&apos; &amp;lt; &#60; &nbsp; &bogus; &', '&apos; &amp;lt; &#60; &nbsp; &bogus; &'],
    ['emoji', '👩‍👩‍👧‍👦 🏳️‍🌈 é e\u0301 𝒳', '👩‍👩‍👧‍👦 🏳️‍🌈 é e\u0301 𝒳'],
    ['right to left', 'שלום \u200fعالم\u200f', 'שלום \u200fعالم\u200f'],
    ['what turns the direction', '\u202egnp.exe\u202c \u2066x\u2069', 'gnp.exe x'],
    ['NUL and controls', 'a\u0000b\u0001c\u0008d\u000be\u001ff\u007fg', 'abcdefg'],
    ['what is no character', 'a\ufffe\uffffb \ud800c\udc00', 'ab c'],
    ['quotes', `"double" 'single' \`back\` „low“`, `"double" 'single' \`back\` „low“`],
    ['a processing instruction', '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "x">]>&e;', null],
    ['a comment', 'a <!-- b --> c', null],
    ['line ends', ' two\r\n lines\tand\u2028more ', 'two lines and more'],
    ['digits', '0123', null],
    ['the word of a program', 'true', null],
  ])('finds %s as it was written', async (_, text, shown) => {
    const expected = shown ?? text
    const { data, ...rest } = exampleOf('comment.created')
    const account = { ...data.comment.account, displayName: text }
    const video = { ...data.video, name: text, tags: [text], category: { id: 1, label: 'x' } }
    const hostile = { ...rest, data: { comment: { ...data.comment, account, text, html: '' }, video } }
    const feed = feedOf([itemOf(hostile)], { mode: 'subjects' })
    const { entries } = await read(format, renderFeed(format, feed))
    expect(entries).toMatchObject([
      { title: `${expected} on ${expected}`, authors: [expected], categories: [expected, 'x'] },
    ])
  })

  it('finds a summary that says what was written, to whoever takes it for HTML in RSS', async () => {
    const { data, ...rest } = exampleOf('video.published')
    const hostile = { ...rest, data: { video: { ...data.video, description: '1 < 2 <script>x</script>' } } }
    const { entries } = await read(format, renderFeed(format, feedOf([itemOf(hostile)])))
    const summary = { atom: '1 < 2 <script>x</script>', rss: '1 &lt; 2 &lt;script&gt;x&lt;/script&gt;' }
    expect(entries).toMatchObject([{ summary: summary[format] }])
  })

  it.each([
    ['a'.repeat(1_000_000), `New video: ${'a'.repeat(488)}…`],
    ['👩‍👩‍👧‍👦'.repeat(100_000), `New video: ${'👩‍👩‍👧‍👦'.repeat(44)}…`],
    ['🇫🇷'.repeat(100_000), `New video: ${'🇫🇷'.repeat(122)}…`],
  ])('finds a title of a megabyte cut', async (name, title) => {
    const { data, ...rest } = exampleOf('video.published')
    const feed = feedOf([itemOf({ ...rest, data: { video: { ...data.video, name } } })])
    const { entries } = await read(format, renderFeed(format, feed))
    expect(entries).toMatchObject([{ title }])
    expect(title.length).toBeLessThanOrEqual(500)
  })

  it.each([
    'javascript:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    '/relative',
    '',
  ])('finds no link to %j', async (url) => {
    const { data, ...rest } = exampleOf('video.published')
    const { channel, account } = data.video
    const video = {
      ...data.video,
      url,
      thumbnailUrl: url,
      embedUrl: url,
      channel: { ...channel, url, avatarUrl: url },
      account: { ...account, url },
      description: `[a](${url}) <a href="${url}">b</a> <img src="${url}" onerror="x()">`,
    }
    const feed = feedOf([itemOf({ ...rest, data: { video } })])
    const [entry] = (await read(format, renderFeed(format, feed))).entries
    expect(entry).toMatchObject({ link: event(rest.id), image: '', player: '', enclosure: '' })
    expect(entry?.authorUrls.join('')).toBe('')
    expect(entry?.html).not.toMatch(/href|src|<script/i)
  })
})
