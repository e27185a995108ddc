/** @module Our JSON Feed is one of version 1.1, and has all that an event says. */
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import type { Feed, FeedItem } from '../../src/feeds/feed.ts'
import { renderFeed } from '../../src/feeds/formats.ts'
import { feedOf, itemOf } from '../support/feeds.ts'
import { JsonFeed } from '../support/json-feed.ts'

const jsonFeed = (items: readonly FeedItem[], fields: Partial<Feed> = {}) =>
  v.parse(JsonFeed, JSON.parse(renderFeed('json', feedOf(items, fields))))

describe('A JSON Feed', () => {
  it.each([...EVENT_TYPES])('has the whole event of the type %s, as the API shows it', (type) => {
    for (const mode of ['events', 'subjects'] as const) {
      const { items } = jsonFeed([itemOf(exampleOf(type))], { mode })
      expect(items.map(({ _tubewire }) => _tubewire.event)).toEqual([exampleOf(type)])
    }
  })

  it('has what the feed is', () => {
    const { urls } = feedOf([])
    const { items, ...head } = jsonFeed([])
    expect(items).toEqual([])
    expect(head).toEqual({
      version: 'https://jsonfeed.org/version/1.1',
      title: 'All of it',
      description: 'What happens on PeerTube, told by Tubewire.',
      home_page_url: urls.home,
      feed_url: urls.self,
      next_url: urls.next,
      hubs: [{ type: 'WebSub', url: urls.hub }],
      authors: [{ name: 'Tubewire' }],
    })
    const bare = jsonFeed([], { urls: { ...urls, hub: null, next: null } })
    expect(bare).not.toHaveProperty('hubs')
    expect(bare).not.toHaveProperty('next_url')
  })

  it('says in its own words what a video is', () => {
    const { data, ...event } = exampleOf('video.published')
    const avatarUrl = 'https://peertube.example/lazy-static/avatars/a.png'
    const video = { ...data.video, nsfw: true, channel: { ...data.video.channel, avatarUrl } }
    const { items } = jsonFeed([itemOf({ ...event, data: { video } })], { mode: 'subjects' })
    expect(items).toMatchObject([
      {
        id: 'tag:peertube.example,2026-11-23:evt_fb5a7588a0bf4fcecc66cc55690b46ff',
        url: video.url,
        title: video.name,
        summary: 'Description of video 1\nwith two lines',
        content_html: '<p>Description of video 1<br />\nwith two lines</p>',
        image: video.thumbnailUrl,
        date_published: video.publishedAt,
        date_modified: event.timestamp,
        authors: [
          { name: 'Main alice channel', url: video.channel.url, avatar: avatarUrl },
          { name: 'alice', url: video.account.url },
        ],
        tags: ['alpha', 'tag1', 'Science & Technology'],
        language: 'en',
        attachments: [
          { url: video.embedUrl, mime_type: 'text/html', title: video.name, duration_in_seconds: 2 },
        ],
        _tubewire: { about: 'https://tubewire.example/', sensitive: true },
      },
    ])
  })

  it('says in its own words what a comment is', () => {
    const { data, ...event } = exampleOf('comment.created')
    const { items } = jsonFeed([itemOf({ ...event, data })], { mode: 'subjects' })
    expect(items).toMatchObject([
      {
        url: data.comment.url,
        title: 'alice on Alice video 1',
        content_html: data.comment.html,
        date_published: data.comment.createdAt,
        date_modified: event.timestamp,
        authors: [{ name: 'alice', url: 'https://peertube.example/accounts/alice' }],
      },
    ])
  })

  it('does not have what was deleted', () => {
    const gone = itemOf(exampleOf('video.deleted'), true)
    const { items } = jsonFeed([gone, itemOf(exampleOf('video.published'))], { mode: 'subjects' })
    expect(items.map(({ title }) => title)).toEqual(['Alice video 1'])
  })
})
