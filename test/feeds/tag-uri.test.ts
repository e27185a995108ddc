import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { FEED_FORMATS, renderFeed } from '../../src/feeds/formats.ts'
import { tagUri } from '../../src/feeds/tag-uri.ts'
import { feedOf, itemOf } from '../support/feeds.ts'

const id = 'evt_fb5a7588a0bf4fcecc66cc55690b46ff'
const seenAt = Date.parse('2026-11-23T21:19:37.421Z')

describe('The id of an entry', () => {
  // Never change one of these: every reader would show everything again.
  it.each([
    ['peertube.example', `tag:peertube.example,2026-11-23:${id}`],
    ['peertube.example:9000', `tag:peertube.example,2026-11-23:${id}`],
    ['PeerTube.Example', `tag:peertube.example,2026-11-23:${id}`],
    ['xn--caf-dma.example', `tag:xn--caf-dma.example,2026-11-23:${id}`],
    ['203.0.113.7:443', `tag:203.0.113.7,2026-11-23:${id}`],
    ['[2001:db8::1]:9000', `tag:2001-db8--1,2026-11-23:${id}`],
    ['a_b.example', `tag:a-b.example,2026-11-23:${id}`],
    ['tubewire', `tag:tubewire,2026-11-23:${id}`],
    ['', `tag:unknown.invalid,2026-11-23:${id}`],
  ])('of an event of %s is %s', (instance, uri) => {
    expect(tagUri({ id, instance, seenAt })).toBe(uri)
  })

  it.each([
    ['2026-11-23T00:00:00.000Z', '2026-11-23'],
    ['2026-11-23T23:59:59.999Z', '2026-11-23'],
    ['2026-11-24T00:00:00.000Z', '2026-11-24'],
  ])('has the day of %s in UTC', (time, day) => {
    expect(tagUri({ id, instance: 'a.example', seenAt: Date.parse(time) })).toBe(`tag:a.example,${day}:${id}`)
  })

  it('is what RFC 4151 allows, whatever the instance and the event are called', () => {
    const label = '[a-z0-9]+(-+[a-z0-9]+)*'
    const uri = new RegExp(
      `^tag:${label}(\\.${label})*,\\d{4}-\\d\\d-\\d\\d:([\\w.~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*$`,
    )
    const any = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.domain())
    fc.assert(
      fc.property(any, any, (host, some) => {
        expect(tagUri({ id: some, instance: host, seenAt })).toMatch(uri)
      }),
    )
  })

  it('is the same in every format, every feed and at every address', () => {
    const item = itemOf(exampleOf('video.published'))
    const { urls } = feedOf([])
    const elsewhere = {
      ...urls,
      self: 'https://other.example/x',
      event: (some: string) => `https://o.example/${some}`,
    }
    for (const format of FEED_FORMATS) {
      if (format === 'txt') continue
      for (const mode of ['events', 'subjects'] as const) {
        for (const some of [urls, elsewhere]) {
          const text = renderFeed(
            format,
            feedOf([item], { mode, urls: some, title: 'Another', isPrivate: true }),
          )
          expect(text).toContain(`tag:peertube.example,2026-11-23:${id}`)
        }
      }
    }
  })
})
