/** @module An event in a line: what happened to what, where and when. */
import './filter-preview.css'

import { typeName } from '../event-types.ts'
import type { LiveEvent } from '../live.ts'
import { linkTo } from '../routes.ts'
import { Moment } from './time.tsx'

/** The line, with a link to the event. What is somebody else's is text. */
export function SimpleEvent({ event }: { event: LiveEvent }) {
  const about = subjectOf(event)
  return (
    <div class="simple-event">
      <a href={linkTo(['events', event.id])}>{typeName(event.type)}</a>{' '}
      {about && (
        <bdi dir="auto" class="clip">
          {about}
        </bdi>
      )}
      <span class="quiet">
        <bdi class="wrap">{event.instance}</bdi> · <Moment at={event.timestamp} />
      </span>
    </div>
  )
}

/** What an event is about, as somebody else has called it; null: it has no name. */
function subjectOf({ data }: LiveEvent): string | null {
  if ('comment' in data && data.comment && 'text' in data.comment) return data.comment.text
  if ('video' in data && data.video && 'name' in data.video) return data.video.name ?? null
  return null
}
