/**
 * @module Feeds as two independent parsers read them, `feedparser` and `rss-parser`, in one shape. Nothing is repaired here: a text is
 * as the parser gives it. Both have their XML from `sax`; what is stricter is in read-xml.ts.
 */
import { Readable } from 'node:stream'
import FeedParser from 'feedparser'
import RssParser from 'rss-parser'
import { at, textAt } from '../../src/events/read.ts'

/** What is not there is empty, or null. Times are milliseconds since the epoch. */
export type ReadEntry = {
  id: string
  title: string
  link: string
  authors: string[]
  authorUrls: string[]
  published: number
  updated: number
  html: string
  summary: string
  categories: string[]
  type: string
  image: string
  player: string
  enclosure: string
  duration: string
  rating: string
  language: string
}

type ReadFeed = { title: string; self: string; hub: string; next: string; entries: ReadEntry[] }

/** A list, whether there are none, one or several of it. */
function all(value: unknown): unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

/** `#` is the text of an element, `@` are its attributes. @throws when it is not well-formed. */
export async function readWithFeedparser(format: 'atom' | 'rss', text: string): Promise<ReadFeed> {
  const parser = new FeedParser({ addmeta: false, normalize: true })
  const items: unknown[] = []
  await new Promise((resolve, reject) => {
    parser.on('data', (item: unknown) => items.push(item))
    parser.on('end', resolve)
    parser.on('error', reject)
    Readable.from([text]).pipe(parser)
  })
  const links = all(at(parser.meta, 'atom:link'))
  const link = (rel: string) =>
    textAt(
      links.find((one) => textAt(one, '@', 'rel') === rel),
      '@',
      'href',
    )
  const entries = items.map((item) => (format === 'atom' ? fromAtom(item) : fromRss(item)))
  return { title: parser.meta.title, self: link('self'), hub: link('hub'), next: link('next'), entries }
}

function fromAtom(item: unknown): ReadEntry {
  const people = [...all(at(item, 'atom:author')), ...all(at(item, 'atom:contributor'))]
  const categories = all(at(item, 'atom:category'))
  const links = all(at(item, 'atom:link'))
  return {
    ...sharedOf(item),
    title: textAt(item, 'atom:title', '#'),
    link: textAt(item, 'link'),
    authors: people.map((person) => textAt(person, 'name', '#')),
    authorUrls: people.map((person) => textAt(person, 'uri', '#')),
    html: textAt(item, 'atom:content', '#'),
    summary: textAt(item, 'atom:summary', '#'),
    categories: categories
      .filter((one) => !textAt(one, '@', 'scheme'))
      .map((one) => textAt(one, '@', 'term')),
    type: textAt(
      categories.find((one) => textAt(one, '@', 'scheme')),
      '@',
      'term',
    ),
    enclosure: textAt(
      links.find((one) => textAt(one, '@', 'rel') === 'enclosure'),
      '@',
      'href',
    ),
    language: textAt(item, 'atom:@', 'xml:lang'),
  }
}

function fromRss(item: unknown): ReadEntry {
  const categories = all(at(item, 'rss:category'))
  return {
    ...sharedOf(item),
    title: textAt(item, 'rss:title', '#'),
    link: textAt(item, 'rss:link', '#'),
    authors: all(at(item, 'dc:creator')).map((creator) => textAt(creator, '#')),
    authorUrls: [],
    html: textAt(item, 'content:encoded', '#'),
    summary: textAt(item, 'rss:description', '#'),
    categories: categories.filter((one) => !textAt(one, '@', 'domain')).map((one) => textAt(one, '#')),
    type: textAt(
      categories.find((one) => textAt(one, '@', 'domain')),
      '#',
    ),
    enclosure: textAt(item, 'rss:enclosure', '@', 'url'),
    language: textAt(item, 'dc:language', '#'),
  }
}

function sharedOf(item: unknown) {
  return {
    id: textAt(item, 'guid'),
    published: Number(at(item, 'pubdate')),
    updated: Date.parse(textAt(item, 'atom:updated', '#')),
    image: textAt(item, 'media:thumbnail', '@', 'url'),
    player: textAt(item, 'media:player', '@', 'url'),
    duration: textAt(item, 'media:content', '@', 'duration'),
    rating: textAt(item, 'media:rating', '#'),
  }
}

const rssParser = new RssParser({
  customFields: {
    item: [
      ['media:content', 'content_'],
      ['media:rating', 'rating'],
      ['media:thumbnail', 'thumbnail'],
      ['media:player', 'player'],
      ['author', 'authors', { keepArray: true }],
      ['contributor', 'contributors', { keepArray: true }],
      ['dc:creator', 'creators', { keepArray: true }],
      ['category', 'categories_', { keepArray: true }],
      ['link', 'links_', { keepArray: true }],
      ['updated', 'updated'],
      ['atom:updated', 'updated'],
      ['$', 'attributes', { keepArray: true }],
    ],
  },
})

/** `_` is the text of an element that has attributes, `$` are these. @throws when it is not well-formed. */
export async function readWithRssParser(format: 'atom' | 'rss', text: string): Promise<ReadFeed> {
  const feed: unknown = await rssParser.parseString(text)
  return {
    title: textAt(feed, 'title'),
    self: textAt(feed, 'feedUrl'),
    // What it makes nothing of.
    hub: '',
    next: textAt(feed, 'paginationLinks', 'next'),
    entries: all(at(feed, 'items')).map((item) => (format === 'atom' ? parsedAtom(item) : parsedRss(item))),
  }
}

function parsedAtom(item: unknown): ReadEntry {
  const people = [...all(at(item, 'authors')), ...all(at(item, 'contributors'))]
  const categories = all(at(item, 'categories_'))
  const links = all(at(item, 'links_'))
  return {
    ...parsedShared(item),
    id: textAt(item, 'id'),
    authors: people.map((person) => String(all(at(person, 'name'))[0])),
    authorUrls: people.map((person) => String(all(at(person, 'uri'))[0] ?? '')),
    html: textAt(item, 'content'),
    summary: textAt(item, 'summary'),
    categories: categories
      .filter((one) => !textAt(one, '$', 'scheme'))
      .map((one) => textAt(one, '$', 'term')),
    type: textAt(
      categories.find((one) => textAt(one, '$', 'scheme')),
      '$',
      'term',
    ),
    enclosure: textAt(
      links.find((one) => textAt(one, '$', 'rel') === 'enclosure'),
      '$',
      'href',
    ),
    language: textAt(item, 'attributes', 'xml:lang'),
  }
}

function parsedRss(item: unknown): ReadEntry {
  const categories = all(at(item, 'categories'))
  return {
    ...parsedShared(item),
    id: textAt(item, 'guid'),
    authors: all(at(item, 'creators')).map(String),
    authorUrls: [],
    html: textAt(item, 'content:encoded'),
    summary: textAt(item, 'content'),
    categories: categories.filter((one) => typeof one === 'string'),
    type: textAt(
      categories.find((one) => typeof one !== 'string'),
      '_',
    ),
    enclosure: textAt(item, 'enclosure', 'url'),
    language: textAt(item, 'language'),
  }
}

function parsedShared(item: unknown) {
  return {
    title: textAt(item, 'title'),
    link: textAt(item, 'link'),
    published: Date.parse(textAt(item, 'isoDate')),
    updated: Date.parse(String(all(at(item, 'updated'))[0])),
    image: textAt(item, 'thumbnail', '$', 'url'),
    player: textAt(item, 'player', '$', 'url'),
    duration: textAt(item, 'content_', '$', 'duration'),
    rating: String(at(item, 'rating', '_') ?? at(item, 'rating') ?? ''),
  }
}
