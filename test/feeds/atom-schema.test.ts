/** @module Our Atom is Atom: RFC 4287's schema, what its text demands besides, and RFC 6721 of what was deleted. */
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import type { Feed, FeedItem } from '../../src/feeds/feed.ts'
import { renderFeed } from '../../src/feeds/formats.ts'
import { feedOf, itemOf } from '../support/feeds.ts'
import { readAtom } from '../support/read-xml.ts'

const TOMBSTONES = 'http://purl.org/atompub/tombstones/1.0'
const examples = EVENT_TYPES.map((type) => itemOf(exampleOf(type)))
const atom = (items: readonly FeedItem[], fields: Partial<Feed> = {}) =>
  renderFeed('atom', feedOf(items, fields))

type Node = ReturnType<typeof readAtom>
const named = ({ children }: Node, name: string) => children.filter((child) => child.name === name)
const one = (node: Node, name: string) => {
  const [found, ...others] = named(node, name)
  if (!found || others.length > 0) throw new Error(`not one ${name}`)
  return found
}

describe('A feed in Atom', () => {
  it.each(['events', 'subjects'] as const)('is as the schema has it, in the mode %s', (mode) => {
    const root = readAtom(atom(examples, { mode }))
    expect(named(root, 'entry')).toHaveLength(EVENT_TYPES.length)
  })

  // So that the schema is one that says no.
  it.each([
    ['no id', (xml: string) => xml.replace(/<id>.*?<\/id>/, '')],
    ['two titles', (xml: string) => xml.replace(/<title.*?<\/title>/, '$&$&')],
    ['a date of another kind', (xml: string) => xml.replace(/<updated>.*?</, '<updated>Mon, 30 Nov 2026<')],
    ['an element that Atom does not have', (xml: string) => xml.replace('<entry', '<planet/><entry')],
    ['a link to nowhere', (xml: string) => xml.replace(/<link href=".*?"/, '<link')],
    ['a language that is none', (xml: string) => xml.replace('xml:lang="en"', 'xml:lang="e n"')],
    ['a type of text that is none', (xml: string) => xml.replace('type="html"', 'type="markdown"')],
  ])('would be refused with %s', (_, broken) => {
    const xml = atom(examples)
    expect(broken(xml)).not.toBe(xml)
    expect(() => readAtom(broken(xml))).toThrow()
  })

  it('has what RFC 4287 and RFC 5005 want of the feed', () => {
    const feed = feedOf(examples)
    const root = readAtom(renderFeed('atom', feed))
    const { self, hub, first, next, home, alternates } = feed.urls
    expect(one(root, 'id').text).toBe(alternates.atom)
    expect(one(root, 'title').text).toBe('All of it')
    expect(one(root, 'updated').text).toBe('2026-11-30T00:00:00.000Z')
    // 4.1.1: an author, unless each entry has one.
    expect(one(one(root, 'author'), 'name').text).toBe('Tubewire')
    const links = named(root, 'link').map(({ attributes }) => attributes)
    expect(links).toEqual([
      { rel: 'self', href: self, type: 'application/atom+xml' },
      { rel: 'hub', href: hub },
      { rel: 'first', href: first, type: 'application/atom+xml' },
      { rel: 'next', href: next, type: 'application/atom+xml' },
      { rel: 'alternate', href: home, type: 'text/html' },
      { rel: 'alternate', href: alternates.json, type: 'application/feed+json' },
      { rel: 'alternate', href: alternates.rss, type: 'application/rss+xml' },
      { rel: 'alternate', href: alternates.txt, type: 'text/plain' },
    ])
  })

  it('has what RFC 4287 wants of each entry', () => {
    const entries = named(readAtom(atom(examples)), 'entry')
    // 4.2.6: "MUST NOT" be the same for two entries; and no white space in an IRI (3.2.2, 4.2.6).
    const ids = entries.map((entry) => one(entry, 'id').text)
    expect(new Set(ids).size).toBe(entries.length)
    for (const id of ids) expect(id).toMatch(/^tag:[a-z0-9.-]+,\d{4}-\d\d-\d\d:\S+$/)
    for (const entry of entries) {
      // 4.1.2: one link of a relation, type and language.
      const alternates = named(entry, 'link').filter(({ attributes }) => attributes['rel'] === 'alternate')
      expect(alternates).toHaveLength(1)
      for (const { attributes } of named(entry, 'link')) expect(attributes['href']).toMatch(/^https:\/\/\S+$/)
      for (const author of named(entry, 'author')) {
        expect(one(author, 'name').text).not.toBe('')
        for (const { text } of named(author, 'uri')) expect(text).toMatch(/^https:\/\/\S+$/)
      }
      expect(one(entry, 'content').attributes).toEqual({ type: 'html' })
      expect(one(entry, 'summary').attributes).toEqual({ type: 'text' })
    }
  })

  it('has no hub and no next page where there is none', () => {
    const { urls } = feedOf([])
    const feed = feedOf(examples, { isPrivate: true, urls: { ...urls, hub: null, next: null } })
    const root = readAtom(renderFeed('atom', feed))
    const relations = named(root, 'link').map(({ attributes }) => attributes['rel'])
    expect(relations).toEqual(['self', 'first', 'alternate', 'alternate', 'alternate', 'alternate'])
    expect(one(root, 'subtitle').text).toContain('Its address is a secret')
  })

  it('says what was deleted, and when, beside the entries', () => {
    const [video, ...others] = examples
    const gone = itemOf(exampleOf('video.deleted'), true)
    if (!video) throw new Error('no example')
    // It was first heard of when it was published, and its entry has had that id ever since.
    const item = { ...gone, first: video.first }
    const root = readAtom(atom([item, ...others.slice(0, 3)], { mode: 'subjects' }))
    expect(named(root, 'entry')).toHaveLength(3)
    expect(one(root, 'at:deleted-entry').attributes).toEqual({
      ref: 'tag:peertube.example,2026-11-23:evt_fb5a7588a0bf4fcecc66cc55690b46ff',
      when: exampleOf('video.deleted').timestamp,
    })
    expect(atom([item], { mode: 'subjects' })).toContain(`xmlns:at="${TOMBSTONES}"`)
  })

  it('can be of nothing but what was deleted, or of nothing', () => {
    const gone = [exampleOf('video.deleted'), exampleOf('comment.deleted')].map((event) =>
      itemOf(event, true),
    )
    const root = readAtom(atom(gone, { mode: 'subjects' }))
    expect(named(root, 'at:deleted-entry')).toHaveLength(2)
    expect(named(root, 'entry')).toHaveLength(0)
    expect(named(readAtom(atom([])), 'entry')).toHaveLength(0)
  })

  it('tells a deletion as an event where there is an entry for each', () => {
    const root = readAtom(atom([itemOf(exampleOf('video.deleted'), true)], { mode: 'events' }))
    expect(one(one(root, 'entry'), 'title').text).toBe('Video deleted: Bob video')
    expect(named(root, 'at:deleted-entry')).toHaveLength(0)
  })

  it('keeps the id of an entry when more happens to it', () => {
    const [first, later] = examples
    if (!first || !later) throw new Error('no example')
    const before = one(readAtom(atom([first], { mode: 'subjects' })), 'entry')
    const item = { ...later, first: first.first }
    const after = one(readAtom(atom([item], { mode: 'subjects' })), 'entry')
    expect(one(after, 'id').text).toBe(one(before, 'id').text)
    expect(one(after, 'updated').text).not.toBe(one(before, 'updated').text)
  })
})
