import fc from 'fast-check'
import { parseOpml } from 'feedsmith'
import { describe, expect, it } from 'vitest'
import { renderOpml } from '../../src/feeds/opml.ts'
import { readXml } from '../support/read-xml.ts'

const feeds = [
  {
    title: 'Alice & <Bob> ]]> "x" &apos;',
    xmlUrl: 'https://tubewire.example/feeds/fd_1.atom?secret=a&b=c',
    htmlUrl: 'https://tubewire.example/',
    description: 'Videos',
  },
  { title: 'Comments', xmlUrl: 'https://tubewire.example/feeds/comments.atom' },
]

describe('A list of feeds as OPML', () => {
  it('is read as what it was made of', () => {
    const opml = renderOpml({ title: 'Feeds of alice', feeds })
    const read = parseOpml(opml)
    expect(read.head).toEqual({ title: 'Feeds of alice' })
    expect(read.body?.outlines).toEqual([
      {
        text: 'Feeds of alice',
        outlines: feeds.map((feed) => ({ ...feed, text: feed.title, type: 'rss' })),
      },
    ])
    const { name, attributes } = readXml(opml)
    expect({ name, attributes }).toEqual({ name: 'opml', attributes: { version: '2.0' } })
  })

  it('has an outline, as it must, where there is no feed', () => {
    const [, body] = readXml(renderOpml({ title: 'Feeds of alice', feeds: [] })).children
    expect(body?.children).toMatchObject([{ name: 'outline', attributes: { text: 'Feeds of alice' } }])
  })

  it('calls a feed without a title by its address', () => {
    const xmlUrl = 'https://tubewire.example/feeds/a.rss'
    const opml = renderOpml({ title: '', feeds: [{ title: ' \u0000 ', xmlUrl, description: '' }] })
    expect(parseOpml(opml).body?.outlines).toEqual([
      { text: 'Tubewire', outlines: [{ text: xmlUrl, title: xmlUrl, type: 'rss', xmlUrl }] },
    ])
  })

  it('drops what XML has no place for, in addresses too', () => {
    const xmlUrl = 'https://a.example/?a=\u0001\u0002\u0003\uffff&b'
    const opml = renderOpml({ title: 'a\ufffe\ud800b', feeds: [{ title: 'c', xmlUrl }] })
    expect(parseOpml(opml).head?.title).toBe('ab')
    expect(parseOpml(opml).body?.outlines?.[0]?.outlines?.[0]?.xmlUrl).toBe('https://a.example/?a=&b')
  })

  it('is well-formed whatever the feeds are called', () => {
    const any = fc.string({ unit: 'binary', maxLength: 50 })
    fc.assert(
      fc.property(any, any, any, (title, name, description) => {
        const opml = renderOpml({
          title,
          feeds: [{ title: name, xmlUrl: 'https://a.example/', description }],
        })
        expect(readXml(opml).name).toBe('opml')
      }),
    )
  })
})
