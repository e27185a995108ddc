/** @module What an entry says: as plain text, and as HTML that may be shown. */
import type { PublicEvent } from '../events/envelope.ts'
import { isFarewell } from '../events/facets.ts'
import { textAt } from '../events/read.ts'
import type { Story } from '../events/story.ts'
import { clean, escapeHtml } from '../events/text.ts'
import { sanitized, toHtml } from '../peertube/html.ts'
import { remembering } from './remember.ts'
import { printable } from './xml.ts'

/** More than descriptions have: the rest of it is not looked at. UTF-16 units. */
const MAX_LENGTH = 65_536
/** Some hundred long descriptions: to render one takes a millisecond. UTF-16 units. */
const REMEMBERED_LENGTH = 2_000_000

const rendered = remembering(toHtml, REMEMBERED_LENGTH)
const cleaned = remembering(sanitized, REMEMBERED_LENGTH)

/** What an entry is about, as far as that decides what it shows. A live is a video. */
export function kindOf({ type }: Pick<PublicEvent, 'type'>): 'video' | 'comment' | 'other' {
  const [kind] = type.split('.')
  if (kind === 'video' || kind === 'live') return 'video'
  return kind === 'comment' ? 'comment' : 'other'
}

/** A video's description, and of others what the story says. May be empty. */
export function textOf(event: PublicEvent, story: Story): string {
  if (kindOf(event) !== 'video' || isFarewell(event.type)) return story.text
  return clean(descriptionOf(event))
}

/** @param fallback a plain text, for what has no HTML of its own. */
export function htmlOf(event: PublicEvent, fallback: string): string {
  // References such as `&#1;` are characters now.
  const html = String(printable(ownHtmlOf(event)))
  return html === '' ? paragraphs(fallback) : html
}

function ownHtmlOf(event: PublicEvent): string {
  if (isFarewell(event.type)) return ''
  if (kindOf(event) === 'video') return rendered(descriptionOf(event))
  const html = textAt(event.data, 'comment', 'html')
  return html === '' ? rendered(textAt(event.data, 'comment', 'text')) : cleaned(html)
}

function descriptionOf({ data }: PublicEvent): string {
  return textAt(data, 'video', 'description').slice(0, MAX_LENGTH)
}

function paragraphs(text: string): string {
  const blocks = text.split('\n\n').map((block) => escapeHtml(block).replaceAll('\n', '<br />\n'))
  return blocks.map((block) => `<p>${block}</p>`).join('\n')
}
