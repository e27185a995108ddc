import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { feedType, renderFeed } from '../../src/feeds/formats.ts'
import { feedOf, itemOf } from '../support/feeds.ts'

describe('A feed as plain text', () => {
  it('has two lines of an entry', () => {
    const items = [itemOf(exampleOf('comment.created')), itemOf(exampleOf('video.deleted'), true)]
    const { urls } = feedOf([])
    expect(renderFeed('txt', feedOf(items, { mode: 'subjects' }))).toBe(
      [
        'All of it',
        urls.self,
        '',
        '2026-11-23T21:19:41.008Z  New reply: Alice video 1 (alice)',
        '    https://peertube.example/videos/watch/43493d1c-8fbe-411e-9932-9ee0e7172022/comments/3',
        '',
        `older: ${urls.next}`,
        '',
      ].join('\n'),
    )
  })

  it('is its title and address where there is nothing', () => {
    const feed = feedOf([], { urls: { ...feedOf([]).urls, next: null } })
    expect(renderFeed('txt', feed)).toBe(`All of it\n${feed.urls.self}\n`)
  })

  it('means nothing to a terminal, whatever a video is called', () => {
    const { data, ...event } = exampleOf('video.published')
    const name = 'a\u001b[31m\u001b]0;x\u0007b\u009b1m\r\nc\u202ed'
    const text = renderFeed('txt', feedOf([itemOf({ ...event, data: { video: { ...data.video, name } } })]))
    expect(text).toContain('New video: a[31m]0;xb1m cd (Main alice channel)\n')
  })
})

describe('The content type of a feed', () => {
  it.each([
    ['json', 'application/feed+json'],
    ['atom', 'application/atom+xml; charset=utf-8'],
    ['rss', 'application/rss+xml; charset=utf-8'],
    ['txt', 'text/plain; charset=utf-8'],
  ] as const)('as %s is %s', (format, type) => {
    expect(feedType(format)).toBe(type)
  })
})
