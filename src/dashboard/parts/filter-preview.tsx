/** @module What a filter would have let through: shown while it is being typed, before anything is stored. */
import './filter-preview.css'
import { useRef } from 'preact/hooks'
import { api, call, type Schemas } from '../api.ts'
import { typeName } from '../event-types.ts'
import { number } from '../format.ts'
import { t } from '../texts/index.ts'
import { useDebounced } from '../use-debounced.ts'
import { useLoaded } from '../use-loaded.ts'
import { EventLine } from './event-line.tsx'
import { LoadedPart } from './loaded.tsx'

/** So many of those that fit are shown. */
const SHOWN = 5

/** @param filter as a body has it. It is asked about once it has not changed for a moment. */
export function FilterPreview({ filter }: { filter: Schemas['Filter'] }) {
  const asked = useDebounced(JSON.stringify(filter))
  const preview = useLoaded(`filter-preview ${asked}`, () =>
    // Our own, from above.
    call(
      api.POST('/api/v1/subscriptions/preview', { body: { filter: JSON.parse(asked) as Schemas['Filter'] } }),
    ),
  )
  // That of before stays until the next is there: nothing jumps while somebody types.
  const last = useRef(preview.data)
  last.current = preview.data ?? last.current
  return (
    <section class="card filter-preview" aria-label={t.filterPreview.title}>
      <h2>{t.filterPreview.title}</h2>
      <LoadedPart of={{ ...preview, data: last.current }}>
        {({ scanned, matched, types, data }) => (
          <>
            <p role="status">{t.filterPreview.matched(matched, scanned)}</p>
            {matched === 0 && scanned > 0 && <p class="quiet">{t.filterPreview.none}</p>}
            {types.length > 1 && (
              <ul class="chips" aria-label={t.filterPreview.byType}>
                {types.map(({ type, matched: count }) => (
                  <li key={type}>
                    {typeName(type)} <strong>{number(count)}</strong>
                  </li>
                ))}
              </ul>
            )}
            {data.length > 0 && (
              <ul class="plain-list" aria-label={t.filterPreview.newest}>
                {data.slice(0, SHOWN).map((event) => (
                  <li key={event.id}>
                    <EventLine event={event} />
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
      </LoadedPart>
    </section>
  )
}
