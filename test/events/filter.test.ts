/** @module What a filter lets through, and by what it is found. */
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { facetsOf, orderKeyOf } from '../../src/events/facets.ts'
import {
  type Filter,
  isOfTubewire,
  keysOf,
  keysOfEvent,
  matches,
  TYPE_PATTERNS,
} from '../../src/events/filter.ts'
import { EVENT_TYPES, type EventType } from '../../src/events/types.ts'

const HERE = 'peertube.example'
const fits = (type: EventType, filter: Filter) => matches(filter, facetsOf(exampleOf(type)))
/** The types of the catalogue whose examples a filter lets through. */
const through = (filter: Filter) => EVENT_TYPES.filter((type) => fits(type, filter))
/** A type that this version does not know. */
const strange = (type: string, data: unknown = {}, instance = HERE) => facetsOf({ type, instance, data })

const OF_VIDEOS = EVENT_TYPES.filter((type) => /^(video|live)\./.test(type))
const OF_COMMENTS = EVENT_TYPES.filter((type) => type.startsWith('comment.'))

describe('A filter', () => {
  it('that asks for nothing lets everything through', () => {
    expect(through({})).toEqual(EVENT_TYPES)
    expect(through({ types: ['*'] })).toEqual(EVENT_TYPES)
    expect(matches({}, strange('planet.landed'))).toBe(true)
  })

  it.each<[string, Filter, readonly string[]]>([
    ['a type', { types: ['video.published'] }, ['video.published']],
    [
      'all of a kind, and a type',
      { types: ['live.*', 'comment.deleted'] },
      ['live.started', 'live.ended', 'comment.deleted'],
    ],
    ['the instance', { instances: ['PeerTube.example'] }, EVENT_TYPES.filter((type) => !isOfTubewire(type))],
    ['another instance', { instances: ['other.example'] }, []],
    [
      'a channel, with what is said of its videos',
      { channels: ['Alice_Channel@peertube.example'] },
      [...OF_VIDEOS.filter((type) => type !== 'video.deleted'), ...OF_COMMENTS],
    ],
    [
      'an account, with what it wrote and what it is told',
      { accounts: ['bob@peertube.example'] },
      ['video.deleted', 'comment.updated', 'comment.deleted', 'notification.created', 'notification.read'],
    ],
    [
      'a video, with its comments',
      { videos: ['43493D1C-8fbe-411e-9932-9ee0e7172022'] },
      ['video.published', ...OF_COMMENTS],
    ],
    [
      'a language',
      { languages: ['EN'] },
      ['video.published', 'video.updated', 'live.started', 'live.ended', ...OF_COMMENTS],
    ],
    [
      'a category, or another',
      { categories: [1, 15] },
      ['video.published', 'video.updated', 'live.started', 'live.ended', ...OF_COMMENTS],
    ],
    ['a tag, where tags are told', { tags: ['ALPHA'] }, ['video.published', ...OF_COMMENTS]],
    ['what is not sensitive', { nsfw: false }, [...OF_VIDEOS, ...OF_COMMENTS]],
    ['what is', { nsfw: true }, []],
    ['videos at home there', { localOnly: true }, [...OF_VIDEOS, ...OF_COMMENTS]],
    ['long ones: a live has no duration', { minDuration: 1000 }, ['live.ended']],
    [
      'short ones: comments have none',
      { maxDuration: 2 },
      ['video.published', 'video.unpublished', 'video.deleted'],
    ],
    ['a duration', { minDuration: 3, maxDuration: 3 }, ['video.updated']],
    ['a part of the title, or of a comment', { text: 'ALICE VIDEO 1' }, ['video.published', ...OF_COMMENTS]],
    ['a part of the description', { text: 'video 1 with two' }, ['video.published']],
    ['what a comment says', { text: 'hello @alice' }, ['comment.updated']],
    [
      'a kind of notification',
      { notificationKinds: ['newCommentOnMyVideo'] },
      ['notification.created', 'notification.read'],
    ],
    ['two things at once', { languages: ['en'], tags: ['alpha'], types: ['video.*'] }, ['video.published']],
    ['two things that no event has both', { tags: ['alpha'], minDuration: 3 }, []],
  ])('lets through %s', (_name, filter, types) => {
    expect(through(filter).toSorted()).toEqual(types.toSorted())
  })

  it('that names a type which is about no video lets it through whatever it asks of videos', () => {
    const filter = { types: ['video.*', 'instance.*', 'endpoint.disabled'], channels: ['x@y.example'] }
    const ofInstances = ['instance.unreachable', 'instance.recovered', 'instance.upgraded']
    expect(through(filter)).toEqual([...ofInstances, 'endpoint.disabled'])
    expect(through({ ...filter, instances: ['other.example'] })).toEqual(['endpoint.disabled'])
    expect(through({ types: ['*'], channels: ['x@y.example'] })).toEqual([])
    const disabled = strange('endpoint.disabled', {}, 'tubewire')
    expect(matches({ ...filter, instances: ['other.example'] }, disabled)).toBe(true)
    expect(matches({ channels: ['x@y.example'] }, disabled)).toBe(false)
    expect(matches({ instances: [HERE] }, disabled)).toBe(false)
  })

  it.each([
    ['ΟΔΟΣ', 'ΟΔΟΣΗ'],
    ['Ünder', 'ÜNDER THE SEA'],
    ['e\u0301t\u00E9', '\u00C9TE\u0301'],
    ['a b', 'a\r\n\u001F\tb'],
    ['İ', 'İstanbul'],
    ['100%', '100% real_'],
  ])('finds %j in %j', (text, name) => {
    expect(matches({ text }, strange('video.published', { video: { name } }))).toBe(true)
    expect(matches({ tags: [name] }, strange('video.published', { video: { tags: [name, 'z'] } }))).toBe(true)
  })

  it('does not find a text that begins in the title and ends in the description', () => {
    const facets = strange('video.published', { video: { name: 'one', description: 'two' } })
    expect(matches({ text: 'onetwo' }, facets)).toBe(false)
    expect(matches({ text: 'one\u001Ftwo' }, facets)).toBe(false)
  })

  it.each([
    null,
    7,
    'text',
    [],
    { video: null },
    { video: [] },
    { video: { tags: 'alpha', channel: 'x', nsfw: 1, duration: '7' } },
    { notification: 'x' },
  ])('meets a payload of another shape as one that lacks it: %j', (data) => {
    const facets = strange('video.published', data)
    expect(matches({}, facets)).toBe(true)
    for (const filter of [
      { tags: ['alpha'] },
      { channels: ['x'] },
      { nsfw: true },
      { minDuration: 1 },
      { text: 'x' },
    ])
      expect(matches(filter, facets)).toBe(false)
  })
})

describe('What a notification is about', () => {
  it('is its video, with the channel, and everybody who is in it', () => {
    const actor = (name: string) => ({ name, host: HERE })
    const facets = strange('notification.created', {
      notification: {
        kind: 'newAbuseForModerators',
        abuse: {
          video: { uuid: 'U-1', name: 'Bad', channel: actor('c') },
          comment: { account: actor('b') },
          account: actor('a'),
        },
      },
      raw: { video: { uuid: 'never' } },
    })
    expect(facets).toMatchObject({
      videos: ['u-1'],
      channels: [`c@${HERE}`],
      accounts: [`b@${HERE}`, `a@${HERE}`],
      text: 'bad',
      isLocal: true,
    })
  })

  it('is who follows, and the channel or account that is followed', () => {
    const followed = (type: string) =>
      strange('notification.created', {
        notification: {
          actorFollow: { follower: { name: 'f', host: 'a' }, following: { name: 'x', host: 'b', type } },
        },
      })
    expect(followed('channel')).toMatchObject({ accounts: ['f@a'], channels: ['x@b'] })
    expect(followed('account')).toMatchObject({ accounts: ['f@a', 'x@b'], channels: [] })
    expect(followed('instance')).toMatchObject({ accounts: ['f@a'], channels: [] })
  })
})

describe('The keys of a subscription', () => {
  it.each<[Filter, string[]]>([
    [{}, ['*||']],
    [{ types: ['video.*', 'video.*'], nsfw: true }, ['video.*||']],
    [{ types: ['a.b', 'c.d'], tags: ['X', 'y', 'x'] }, ['a.b|tag|x', 'a.b|tag|y', 'c.d|tag|x', 'c.d|tag|y']],
    [{ instances: ['H'], tags: ['x'], channels: ['C@h'] }, ['*|channel|c@h']],
    [{ instances: ['h'], notificationKinds: ['newFollow'] }, ['*|notification|newfollow']],
    [
      {
        types: ['video.*', 'instance.*', 'connection.expired', 'endpoint.*'],
        videos: ['u'],
        instances: ['h'],
      },
      ['video.*|video|u', 'instance.*|instance|h', 'connection.expired|instance|h', 'endpoint.*||'],
    ],
  ])('of %j are for its types, each with the rarest of what it asks for', (filter, expected) => {
    expect(keysOf(filter).map(({ type, kind, value }) => `${type}|${kind}|${value}`)).toEqual(expected)
  })

  it('are among those of each event that it lets through', () => {
    for (const type of EVENT_TYPES) {
      const facets = facetsOf(exampleOf(type))
      const keys = keysOfEvent(facets).map(({ kind, value }) => `${kind}|${value}`)
      expect(keys).toContain('|')
      expect(keys).toContain(`instance|${isOfTubewire(type) ? 'tubewire' : HERE}`)
    }
  })

  it('have a type of the catalogue, all of a kind of it, or any', () => {
    expect(TYPE_PATTERNS).toEqual(
      expect.arrayContaining(['*', 'video.*', 'connection.*', 'video.published', 'notification.unknown']),
    )
    expect(TYPE_PATTERNS).not.toContain('vidoe.*')
  })
})

describe('What comes one after the other', () => {
  it.each([
    ['video.updated', 'video:6c6db89f-2484-4629-bcaf-372d03aca0a3'],
    ['live.ended', 'video:0d5a1f0e-6c0b-4e0b-9b5c-3d1f2a7c8e94'],
    ['comment.created', `thread:${HERE}:1`],
    ['notification.read', `subject:notification:${HERE}:s`],
    ['instance.upgraded', `subject:instance:${HERE}:s`],
  ] as const)('of %s is %s', (type, key) => {
    expect(orderKeyOf({ ...exampleOf(type), subject: 's' })).toBe(key)
  })

  it('of a payload of another shape is what it is about', () => {
    const head = { instance: HERE, subject: 's', data: null }
    expect(orderKeyOf({ ...head, type: 'video.updated' })).toBe('video:s')
    expect(orderKeyOf({ ...head, type: 'comment.updated' })).toBe(`subject:comment:${HERE}:s`)
  })
})
