/** @module An event in words: what it is about, who did it. All of it is text, whoever wrote it. */
import type { Schemas } from './api.ts'
import { endpointName } from './endpoint-name.ts'
import { typeName } from './event-types.ts'
import { excerpt, isolated, plainText } from './parts/plain-text.ts'
import { t } from './texts/index.ts'

type Event = Schemas['Event']

export type EventWords = {
  /** The name of a video, what a comment says, what an account is told … */
  title: string
  /** Who made or wrote it, or whose it is; empty when nobody is known. */
  by: string
  /** What else there is to say; empty when nothing is. */
  more: string
  /** Whether `more` is in the API's words, which are English. */
  isApiText: boolean
  /** Where it is on its instance. To be checked: see OutsideLink. */
  url: string | null
}

const LONGEST_TITLE = 200

/** What is told of an event. */
export function wordsOf(event: Event): EventWords {
  const words = { by: '', more: '', isApiText: false, url: null, ...parts(event) }
  return { ...words, title: excerpt(words.title, LONGEST_TITLE) || typeName(event.type) }
}

function parts(event: Event): Partial<EventWords> & { title: string } {
  switch (event.type) {
    case 'video.published':
    case 'video.updated':
    case 'video.unpublished':
    case 'video.deleted':
    case 'live.started':
    case 'live.ended': {
      const { name, channel, url } = event.data.video
      return { title: name, by: channel.displayName || channel.handle, url }
    }
    case 'comment.created':
    case 'comment.updated':
    case 'comment.deleted': {
      const { comment, video } = event.data
      const said = plainText(comment.html) || comment.text
      return {
        title: said.trim() || t.events.line.commentGone,
        by: comment.account?.displayName || comment.account?.handle || t.events.line.somebody,
        more: t.events.line.on(isolated(excerpt(video.name, LONGEST_TITLE))),
        url: comment.url,
      }
    }
    case 'notification.created':
    case 'notification.read':
    case 'notification.unknown': {
      const { notification, connection } = event.data
      return {
        title: kindName(notification.kind),
        by: t.events.line.to(isolated(connection.username)),
        more: subjectOf(notification),
      }
    }
    case 'instance.unreachable':
      return { title: nameOf(event.data.instance), more: event.data.detail, isApiText: true }
    case 'instance.recovered':
      return { title: nameOf(event.data.instance) }
    case 'instance.upgraded':
      return { title: nameOf(event.data.instance), more: `${event.data.from} → ${event.data.to}` }
    case 'connection.expired':
      return { title: event.data.connection.username, more: event.data.detail, isApiText: true }
    case 'endpoint.disabled':
    case 'delivery.failed':
      return { title: endpointName(event.data.endpoint), more: event.data.detail, isApiText: true }
    case 'endpoint.recovered':
      return { title: endpointName(event.data.endpoint) }
    default:
      // Of a service that is newer than this page.
      return { title: typeName((event satisfies never as Event).type) }
  }
}

const nameOf = ({ name, host }: { name: string; host: string }) => name || host

/** What a kind of notification is called; one that is newer than this page is called as the API calls it. */
export function kindName(kind: string): string {
  return (t.events.notificationKinds as Readonly<Record<string, string>>)[kind] ?? kind
}

/** Where a notification names what it is about, by PeerTube's fields: the first one that there is. */
const SUBJECTS = [
  ['video', 'name'],
  ['comment', 'video', 'name'],
  ['videoBlacklist', 'video', 'name'],
  ['videoImport', 'video', 'name'],
  ['videoImport', 'targetUrl'],
  ['videoCaption', 'video', 'name'],
  ['abuse', 'video', 'name'],
  ['actorFollow', 'follower', 'displayName'],
  ['account', 'displayName'],
  ['registration', 'username'],
  ['plugin', 'name'],
  ['peertube', 'latestVersion'],
]

function subjectOf(notification: unknown): string {
  const texts = SUBJECTS.map((path) => path.reduce(fieldOf, notification))
  const found = texts.find((text) => typeof text === 'string' && text !== '')
  return typeof found === 'string' ? excerpt(found, LONGEST_TITLE) : ''
}

function fieldOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
  // One of its own fields, whatever it is.
  return isObject ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

/** What happened, in a sentence. */
export function sentenceOf(event: Event): string {
  const { title, by } = wordsOf(event)
  const sentences: Readonly<Record<string, (words: SentenceWords) => string>> = t.events.sentences
  const onVideo = 'video' in event.data ? event.data.video.name : ''
  const say = sentences[event.type]
  if (!say) return typeName(event.type)
  return say({
    what: isolated(title),
    who: isolated(by),
    where: isolated(event.instance),
    video: isolated(excerpt(onVideo, LONGEST_TITLE)),
    ...('connection' in event.data ? { who: isolated(event.data.connection.username) } : {}),
    ...('from' in event.data ? { from: event.data.from, to: event.data.to } : { from: '', to: '' }),
  })
}

/** What sentences are made of, each set apart from the words around it. */
export type SentenceWords = {
  what: string
  who: string
  where: string
  video: string
  from: string
  to: string
}
