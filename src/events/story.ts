/**
 * @module An event as people are told it: what every chat format and every feed has to say, in English, before it is written in
 * the target's markup. All texts of it are clean but not escaped; all URLs are of the web.
 */
import type { PublicEvent } from './envelope.ts'
import { plainText } from './html.ts'
import { tellNotification } from './notices.ts'
import { at, textAt } from './read.ts'
import { clean, cut, oneLine, webUrl } from './text.ts'

/** What kind of news it is: its colour, its sign. */
export type Tone = 'new' | 'changed' | 'gone' | 'live' | 'talk' | 'notice' | 'trouble' | 'well' | 'other'

export type Story = {
  tone: Tone
  /** What happened, in a few words of ours. In one line. */
  headline: string
  /** What it happened to, such as a video's title. In one line; empty when there is nothing to say. */
  title: string
  /** More about it, such as what a comment says. May be empty. */
  text: string
  /** Who did it. In one line; empty when nobody is known. */
  author: string
  /** Where to look. */
  url: string | null
  picture: string | null
  /** Marked as not for everybody's eyes: it has no picture. */
  isSensitive: boolean
  /** Not everybody may know it: what is posted in public must not tell it. */
  isPrivate: boolean
  tags: readonly string[]
  /** ISO 639 code of the title's and the text's language. */
  language: string | null
  /** Host, or `tubewire`. */
  instance: string
  /** ISO 8601 UTC. */
  timestamp: string
}

export type TellOptions = {
  /** `thin`: only what happened, without any text of others. */
  payload: 'full' | 'thin'
  /** Where the whole event is. */
  eventUrl: (eventId: string) => string
}

/** What a type of event says; the rest is the same for all. */
export type Told = Partial<Story> & Pick<Story, 'tone' | 'headline'>

const MAX_TITLE_LENGTH = 250
const MAX_NAME_LENGTH = 100
/** Of a description: the rest is read where the video is. */
const MAX_DESCRIPTION_LENGTH = 500
const MAX_TEXT_LENGTH = 10_000

/** The operational types are our own, and are not of any instance. */
const TELLERS = new Map<string, (data: unknown) => Told>([
  ['video.published', (data) => ({ ...videoOf(data), tone: 'new', headline: 'New video' })],
  ['video.updated', (data) => ({ ...videoOf(data), text: '', tone: 'changed', headline: editOf(data) })],
  [
    'video.unpublished',
    (data) => ({ ...lostVideoOf(data), tone: 'gone', headline: 'Video no longer public' }),
  ],
  ['video.deleted', (data) => ({ ...lostVideoOf(data), url: null, tone: 'gone', headline: 'Video deleted' })],
  ['live.started', (data) => ({ ...videoOf(data), tone: 'live', headline: 'Live now' })],
  ['live.ended', tellLiveEnd],
  [
    'comment.created',
    (data) => tellComment(data, at(data, 'comment', 'inReplyToCommentId') ? 'New reply' : 'New comment'),
  ],
  ['comment.updated', (data) => tellComment(data, 'Comment edited')],
  ['comment.deleted', tellLostComment],
  ['notification.created', (data) => tellNotification(data, 'Notification')],
  ['notification.unknown', (data) => tellNotification(data, 'Notification')],
  ['notification.read', (data) => tellNotification(data, 'Notification read')],
  ['instance.unreachable', (data) => tellInstance(data, 'trouble', 'Instance unreachable')],
  ['instance.recovered', (data) => tellInstance(data, 'well', 'Instance answers again')],
  [
    'instance.upgraded',
    (data) =>
      tellInstance(
        data,
        'changed',
        `PeerTube upgraded from ${version(data, 'from')} to ${version(data, 'to')}`,
      ),
  ],
  [
    'connection.expired',
    (data) => ({
      tone: 'trouble',
      headline: 'Session ended, log in again',
      title: textAt(data, 'connection', 'username'),
      text: textAt(data, 'detail'),
      isPrivate: true,
    }),
  ],
  ['endpoint.disabled', (data) => tellEndpoint(data, 'trouble', 'Webhook disabled')],
  ['endpoint.recovered', (data) => tellEndpoint(data, 'well', 'Webhook works again')],
  ['delivery.failed', tellFailure],
])

/** The event as people are told it. Of a type that is not known here: that it happened, where, and a link. */
export function tell(event: PublicEvent, { payload, eventUrl }: TellOptions): Story {
  const told = TELLERS.get(event.type)?.(event.data) ?? {
    tone: 'other' as const,
    headline: `Event ${event.type}`,
    url: eventUrl(event.id),
    isPrivate: true,
  }
  const isSensitive = told.isSensitive ?? false
  const isThin = payload === 'thin'
  return {
    tone: told.tone,
    headline: cut(oneLine(told.headline), MAX_NAME_LENGTH),
    title: isThin ? '' : cut(oneLine(told.title ?? ''), MAX_TITLE_LENGTH),
    text: isThin ? '' : cut(clean(told.text ?? ''), MAX_TEXT_LENGTH),
    author: isThin ? '' : cut(oneLine(told.author ?? ''), MAX_NAME_LENGTH),
    url: webUrl(told.url),
    picture: isThin || isSensitive ? null : webUrl(told.picture),
    isSensitive,
    isPrivate: told.isPrivate ?? false,
    tags: isThin ? [] : (told.tags ?? []),
    language: told.language ?? null,
    instance: cut(oneLine(event.instance), MAX_NAME_LENGTH),
    timestamp: event.timestamp,
  }
}

/** In one line, without markup: the headline, and what it happened to. */
export function summary({ headline, title, author, isSensitive }: Story): string {
  const what = `${headline}${isSensitive ? ' (sensitive)' : ''}`
  return [title === '' ? what : `${what}: ${title}`, ...(author === '' ? [] : [`(${author})`])].join(' ')
}

/** What a video is called, who made it, and where it is. */
function videoOf(data: unknown) {
  const video = at(data, 'video')
  const tags = at(video, 'tags')
  return {
    title: textAt(video, 'name'),
    text: cut(clean(textAt(video, 'description')), MAX_DESCRIPTION_LENGTH),
    author: textAt(video, 'channel', 'displayName'),
    url: textAt(video, 'url'),
    picture: textAt(video, 'thumbnailUrl'),
    isSensitive: at(video, 'nsfw') === true,
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    language: textAt(video, 'language', 'id') || null,
  }
}

/** Of a video that is not to be seen any more. */
function lostVideoOf(data: unknown) {
  return { ...videoOf(data), text: '', picture: null, tags: [] }
}

/** `Video edited (name, description)`. */
function editOf(data: unknown): string {
  const changes = at(data, 'changes')
  const fields = typeof changes === 'object' && changes !== null ? Object.keys(changes) : []
  return fields.length === 0 ? 'Video edited' : `Video edited (${fields.join(', ')})`
}

function tellLiveEnd(data: unknown): Told {
  const hasReplay = at(data, 'replay') === true
  const headline = hasReplay ? 'Live ended, to be watched again' : 'Live ended'
  return { ...videoOf(data), text: '', tone: 'changed', headline }
}

function tellComment(data: unknown, what: string): Told {
  const comment = at(data, 'comment')
  const isHeld = at(comment, 'heldForReview') === true
  const { title, url, isSensitive } = videoOf(data)
  // What was written in Markdown is read as it is shown; a remote server's text is HTML itself.
  const shown = plainText(textAt(comment, 'html'))
  return {
    tone: 'talk',
    headline: isHeld ? `${what}, held for review` : what,
    title,
    text: shown.trim() === '' ? textAt(comment, 'text') : shown,
    author: textAt(comment, 'account', 'displayName') || 'somebody',
    url: webUrl(textAt(comment, 'url')) ?? url,
    isSensitive,
    isPrivate: isHeld,
  }
}

/** Only that it was deleted: neither who wrote it nor what it said. */
function tellLostComment(data: unknown): Told {
  const { title, url, isSensitive } = videoOf(data)
  const isPrivate = at(data, 'comment', 'heldForReview') === true
  return { tone: 'gone', headline: 'Comment deleted', title, url, isSensitive, isPrivate }
}

function tellInstance(data: unknown, tone: Tone, headline: string): Told {
  const title = textAt(data, 'instance', 'name')
  return { tone, headline, title, text: textAt(data, 'detail'), url: textAt(data, 'instance', 'url') }
}

function version(data: unknown, side: 'from' | 'to'): string {
  return cut(oneLine(textAt(data, side)), 20)
}

function tellEndpoint(data: unknown, tone: Tone, headline: string): Told {
  const endpoint = at(data, 'endpoint')
  const title = textAt(endpoint, 'description') || textAt(endpoint, 'url')
  return { tone, headline, title, text: textAt(data, 'detail'), isPrivate: true }
}

function tellFailure(data: unknown): Told {
  const what = `${textAt(data, 'event', 'type')} ${textAt(data, 'event', 'id')}`.trim()
  const attempts = textAt(data, 'attempts')
  const text = [`${what}: given up after ${attempts} attempts.`, textAt(data, 'detail')].join('\n')
  return { ...tellEndpoint(data, 'trouble', 'Webhook could not be delivered'), text }
}
