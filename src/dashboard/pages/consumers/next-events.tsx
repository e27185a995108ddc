/** @module What a consumer is given next: looked up in the log, so that nothing of it is taken. */
import { api, call, type Schemas } from '../../api.ts'
import { EventLine } from '../../parts/event-line.tsx'
import { draftOf, queryOf } from '../../parts/filter-draft.ts'
import { LoadedPart } from '../../parts/loaded.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'

const SHOWN = 5

export function NextEvents({ consumer: { name, filter, position, lag } }: { consumer: Schemas['Consumer'] }) {
  // Another lag is another end of the log: there may be more to see.
  const key = `next-events ${name} ${JSON.stringify(filter)} ${position} ${lag}`
  const next = useLoaded(key, () => {
    const page = { order: 'oldest', after: String(position), limit: SHOWN } as const
    // A filter's own query has the names and texts that the log's has: both are made of the same table.
    return call(api.GET('/api/v1/events', { params: { query: { ...queryOf(draftOf(filter)), ...page } } }))
  })
  return (
    <section class="card">
      <h2>{t.consumers.next}</h2>
      <LoadedPart of={next}>
        {({ data }) =>
          data.length === 0 ? (
            <p>{t.consumers.nextNone}</p>
          ) : (
            <>
              <p class="quiet">{t.consumers.nextHint}</p>
              <ul class="plain-list">
                {data.map((event) => (
                  <li key={event.id}>
                    <EventLine event={event} />
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </LoadedPart>
    </section>
  )
}
