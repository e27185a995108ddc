/** @module An entry of a feed before it is written: what it says, whatever the format. Pure. */
import { type PublicEvent, publicEvent } from '../events/envelope.ts'
import { isFarewell } from '../events/facets.ts'
import { at, textAt } from '../events/read.ts'
import { type Story, summary, tell } from '../events/story.ts'
import { cut, oneLine, webUrl } from '../events/text.ts'
import { type Author, authorsOf } from './authors.ts'
import { htmlOf, kindOf, textOf } from './content.ts'
import type { Feed, FeedItem } from './feed.ts'
import { tagUri } from './tag-uri.ts'
import { cutBetweenCharacters } from './title.ts'
import { printable } from './xml.ts'

/** All texts are without what XML forbids, not escaped, and never empty; all URLs are of the web. */
export type Entry = {
  /** A `tag:` URI that never changes. */
  id: string
  /** In one line, of at most 500 UTF-16 units. */
  title: string
  url: string
  /** What it says, or how that begins: at most 500 UTF-16 units. */
  summary: string
  /** All that it says: HTML, sanitised. */
  html: string
  /** All of it in one line. */
  line: string
  authors: readonly Author[]
  /** ISO 8601 UTC. */
  publishedAt: string
  /** Of the latest event, ISO 8601 UTC. */
  updatedAt: string
  /** A language tag. */
  language: string | null
  /** Tags and category, each once. */
  categories: readonly string[]
  image: string | null
  /** The page to embed; seconds. Events know no files. */
  player: { url: string; duration: number | null } | null
  /** Whether it is marked as not for everybody's eyes. Null: not known, or there is nothing to mark. */
  isSensitive: boolean | null
  /** The latest event, as the API shows it. */
  event: PublicEvent
}

const MAX_TITLE_LENGTH = 500
const MAX_SUMMARY_LENGTH = 500
/** What is looked at of a longer name: cleaning takes something away. */
const MAX_NAME_LENGTH = 5_000
const MAX_CATEGORIES = 20
const MAX_CATEGORY_LENGTH = 100
/** As RFC 4287 has it in its schema. */
const LANGUAGE = /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/

/** What is shown of an item. @throws SyntaxError when the event's `data` is not JSON: only our own code writes it. */
export function entryOf({ first, last }: FeedItem, { mode, urls }: Pick<Feed, 'mode' | 'urls'>): Entry {
  const event = publicEvent(last)
  const seen: PublicEvent = { ...event, data: printable(event.data) }
  const story = tell(seen, { payload: 'full', eventUrl: urls.event })
  const line = summary(story)
  const text = textOf(seen, story) || line
  const video = at(seen.data, 'video')
  const nsfw = at(video, 'nsfw')
  const language = textAt(video, 'language', 'id')
  // It is named, and nothing else of it is shown.
  const isLost = isFarewell(event.type)
  return {
    id: tagUri(first),
    title: cutBetweenCharacters(titleOf(seen, story, mode), MAX_TITLE_LENGTH),
    url: story.url ?? urls.event(event.id),
    summary: cut(text, MAX_SUMMARY_LENGTH),
    html: htmlOf(seen, text),
    line,
    authors: authorsOf(seen, story),
    publishedAt: publishedAt(seen, first.seenAt, mode),
    updatedAt: event.timestamp,
    // What a comment is written in is not known.
    language: kindOf(seen) === 'video' && LANGUAGE.test(language) ? language : null,
    categories: isLost ? [] : categoriesOf(video),
    image: isLost ? null : webUrl(textAt(video, 'thumbnailUrl')),
    player: isLost ? null : playerOf(video),
    isSensitive: typeof nsfw === 'boolean' ? nsfw : null,
    event,
  }
}

/** Of a video or comment what it is called, where that is the entry; otherwise what happened, and to what. */
function titleOf(event: PublicEvent, { headline, title, author }: Story, mode: Feed['mode']): string {
  const kind = kindOf(event)
  const isNamed = kind === 'video' || kind === 'comment'
  const name = isNamed ? oneLine(textAt(event.data, 'video', 'name').slice(0, MAX_NAME_LENGTH)) : title
  if (name === '') return headline
  if (mode === 'subjects' && kind === 'video') return name
  if (mode === 'subjects' && kind === 'comment' && author !== '') return `${author} on ${name}`
  return `${headline}: ${name}`
}

/** When the event was seen; of what several events are about, when it was made, or else when it was first seen. */
function publishedAt({ data, timestamp }: PublicEvent, firstSeenAt: number, mode: Feed['mode']): string {
  if (mode === 'events') return timestamp
  const made =
    textAt(data, 'comment', 'createdAt') ||
    textAt(data, 'video', 'publishedAt') ||
    textAt(data, 'notification', 'createdAt')
  const milliseconds = Date.parse(made)
  // A year of four digits is all that the formats of dates have.
  const isTime = milliseconds >= 0 && milliseconds < Date.UTC(9999, 0)
  return new Date(isTime ? milliseconds : firstSeenAt).toISOString()
}

function categoriesOf(video: unknown): string[] {
  const tags = at(video, 'tags')
  const labels = [...(Array.isArray(tags) ? tags : []), at(video, 'category', 'label')]
  const texts = labels
    .filter((label) => typeof label === 'string')
    .map((label) => cut(oneLine(label.slice(0, MAX_NAME_LENGTH)), MAX_CATEGORY_LENGTH))
  return [...new Set(texts)].filter((text) => text !== '').slice(0, MAX_CATEGORIES)
}

/** A live has no duration. */
function playerOf(video: unknown): Entry['player'] {
  const url = webUrl(textAt(video, 'embedUrl'))
  const duration = at(video, 'duration')
  const hasEnd = typeof duration === 'number' && duration > 0 && at(video, 'isLive') !== true
  return url === null ? null : { url, duration: hasEnd ? Math.round(duration) : null }
}
