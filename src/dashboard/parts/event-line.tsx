/** @module One event as a line: in the log, in what happens now, in what a filter would let through. */

import { linkTo } from '../address.ts'
import type { Schemas } from '../api.ts'
import { kindOf, typeName } from '../event-types.ts'
import { wordsOf } from '../event-words.ts'
import { t } from '../texts/index.ts'
import { KindIcon } from './kind-icon.tsx'
import { Picture } from './picture.tsx'
import { Moment } from './time.tsx'
import './event-line.css'

type Event = Schemas['Event']

/** What is good or bad news; all else is just news. */
const TONES: Readonly<Record<string, 'good' | 'bad'>> = {
  'instance.unreachable': 'bad',
  'instance.recovered': 'good',
  'connection.expired': 'bad',
  'endpoint.disabled': 'bad',
  'endpoint.recovered': 'good',
  'delivery.failed': 'bad',
}

/**
 * An event: what it is about, its type, by whom, where and when; the whole of it is a link away.
 * @param hasPictures whether there is a place for its picture, so that the lines of a list stand under each other; otherwise there is
 *   one when the event names its pictures. @param isNew marks it as one that came just now.
 */
export function EventLine({
  event,
  hasPictures = 'pictures' in event,
  isNew = false,
}: {
  event: Event
  hasPictures?: boolean
  isNew?: boolean
}) {
  const { title, by, more, isApiText } = wordsOf(event)
  const kind = kindOf(event.type)
  return (
    <div class={isNew ? 'event-line new' : 'event-line'}>
      <EventPicture event={event} kind={kind} hasPictures={hasPictures} />
      <div class="event-text">
        <p class="event-title">
          <a href={linkTo(['events', event.id])} class="clip" dir="auto">
            {title}
          </a>
          {isNew && <span class="badge busy">{t.events.line.new}</span>}
        </p>
        {more !== '' && (
          <p class="event-more clip" dir="auto" {...(isApiText ? { lang: 'en' } : {})}>
            {more}
          </p>
        )}
        <p class="event-about">
          <span class={`event-type ${TONES[event.type] ?? ''}`}>{typeName(event.type)}</span>
          {by !== '' && (
            <span class="clip" dir="auto">
              {by}
            </span>
          )}
          <span class="clip" dir="auto">
            {event.instance}
          </span>
          <Moment at={event.timestamp} />
        </p>
      </div>
    </div>
  )
}

function EventPicture({ event, kind, hasPictures }: { event: Event; kind: string; hasPictures: boolean }) {
  const path = 'pictures' in event ? event.pictures?.thumbnail : null
  if (hasPictures && path) return <Picture path={path} size="thumbnail" />
  return (
    <span class={hasPictures ? 'event-icon wide' : 'event-icon'}>
      <KindIcon kind={kind} />
    </span>
  )
}
