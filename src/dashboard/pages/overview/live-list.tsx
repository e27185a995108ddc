/** @module What happens now: the newest events, and those that come. */

import { linkTo } from '../../address.ts'
import { Empty } from '../../parts/empty.tsx'
import { EventLine } from '../../parts/event-line.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { useNow } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { useAnnouncement, useNewestEvents } from './newest-events.ts'

/** So long is new what came. */
const NEW_FOR_MS = 20_000

export function LiveList() {
  const { loaded, cameAt } = useNewestEvents()
  const announcement = useAnnouncement()
  const now = useNow()
  return (
    <section class="card">
      <div class="live-head">
        <h2>{t.overview.live}</h2>
        <a href={linkTo(['events'])}>{t.overview.allEvents}</a>
      </div>
      <p role="status" class="hidden">
        {announcement}
      </p>
      <LoadedPart of={loaded}>
        {(events) =>
          events.length === 0 ? (
            <Empty title={t.overview.nothingYet}>
              <p>{t.overview.nothingYetMore}</p>
            </Empty>
          ) : (
            <ul class="live-list" aria-label={t.overview.live}>
              {events.map((event) => (
                <li key={event.id}>
                  <EventLine
                    event={event}
                    hasPictures={false}
                    isNew={now - (cameAt.get(event.id) ?? 0) < NEW_FOR_MS}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </LoadedPart>
    </section>
  )
}
