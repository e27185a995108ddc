/** @module An event in a line. */
import type { Schemas } from '../../api.ts'
import { typeName } from '../../event-types.ts'
import { Moment } from '../../parts/time.tsx'

export function EventLine({ event }: { event: Schemas['Event'] }) {
  return (
    <span class="event-line">
      <span class="quiet">{typeName(event.type)}</span>
      <span dir="auto" class="clip">
        {titleOf(event)}
      </span>
      <Moment at={event.timestamp} />
    </span>
  )
}

/** What it is about. Text of an instance. */
function titleOf({ data, instance }: Schemas['Event']): string {
  if ('comment' in data && 'text' in data.comment && typeof data.comment.text === 'string')
    return data.comment.text
  return 'video' in data && data.video && 'name' in data.video ? data.video.name : instance
}
