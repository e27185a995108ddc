/** @module What a filter would have let through lately. */
import { useRef } from 'preact/hooks'
import { api, call, type Schemas } from '../../api.ts'
import { typeName } from '../../event-types.ts'
import { number } from '../../format.ts'
import { FailureNote } from '../../parts/failure.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { EventLine } from './event-line.tsx'
import type { Filter } from './reads.ts'
import { useSettled } from './use-timers.ts'

/** So long nothing was typed. */
const AFTER_MS = 400
const SHOWN = 5

type Preview = {
  scanned: number
  matched: number
  types: { type: string; matched: number }[]
  data: Schemas['Event'][]
}

export function FilterPreview({ filter }: { filter: Filter }) {
  const words = t.endpoints.preview
  const asked = useSettled(JSON.stringify(filter), AFTER_MS)
  const read = useLoaded<Preview>(`preview ${asked}`, () =>
    // What was written above.
    call(api.POST('/api/v1/subscriptions/preview', { body: { filter: JSON.parse(asked) as Filter } })),
  )
  // The one before stays until the next is there: nothing jumps.
  const last = useRef<Preview | null>(null)
  last.current = read.data ?? last.current
  const preview = last.current
  return (
    <section class="preview" aria-labelledby="preview-title" aria-busy={read.isLoading}>
      <h3 id="preview-title">{words.title}</h3>
      {read.failure ? (
        <>
          <FailureNote failure={read.failure} />
          <ul lang="en">
            {Object.entries(read.failure.params).map(([name, problem]) => (
              <li key={name} class="wrap">
                <code>{name}</code>: {problem}
              </li>
            ))}
          </ul>
        </>
      ) : (
        preview && <Found preview={preview} />
      )}
      {!preview && read.isLoading && <p class="quiet">{t.common.loading}</p>}
    </section>
  )
}

function Found({ preview: { scanned, matched, types, data } }: { preview: Preview }) {
  const words = t.endpoints.preview
  return (
    <>
      <p role="status">
        <strong>{scanned === 0 ? words.nothingYet : words.found(number(matched), number(scanned))}</strong>
      </p>
      {matched > 0 && (
        <>
          <p class="quiet">
            {types.map(({ type, matched: count }) => `${typeName(type)} ${number(count)}`).join(' · ')}
          </p>
          <h4>{words.newest}</h4>
          <ul class="lines">
            {data.slice(0, SHOWN).map((event) => (
              <li key={event.id}>
                <EventLine event={event} />
              </li>
            ))}
          </ul>
        </>
      )}
      {scanned > 0 && matched === 0 && <p>{words.none}</p>}
    </>
  )
}
