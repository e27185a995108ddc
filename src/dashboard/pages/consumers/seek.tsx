/** @module Moving a consumer's cursor, with a word before on what is read again or left out. */

import { useRef, useState } from 'preact/hooks'
import { api, call, type Failure, type Result } from '../../api.ts'
import { numberOf } from '../../number-of.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { FailureNote } from '../../parts/failure.tsx'
import { Form } from '../../parts/form.tsx'
import { t } from '../../texts/index.ts'
import type { Consumer } from './consumer.ts'
import { NOWHERE, type PlaceDraft, PlaceFields } from './places.tsx'

/** A place, and the sequence after which it is. */
type Target = { draft: PlaceDraft; sequence: number }

export function Seek({ consumer, onMoved }: { consumer: Consumer; onMoved: (consumer: Consumer) => void }) {
  const [draft, setDraft] = useState<PlaceDraft>(NOWHERE)
  const [target, setTarget] = useState<Target | null>(null)
  const latest = useRef(draft)
  latest.current = draft
  return (
    <section class="card">
      <h2>{t.consumers.seek}</h2>
      <p class="quiet">{t.consumers.seekHint}</p>
      <Form
        submit={t.consumers.seekSubmit}
        send={() => targetOf(draft, consumer)}
        // Somebody who has chosen another place since is asked nothing about the one before.
        onDone={(found) => setTarget(found.draft === latest.current ? found : null)}
      >
        <PlaceFields
          label={t.consumers.seekTo}
          name="to"
          draft={draft}
          onChange={(part) => setDraft((before) => ({ ...before, ...part }))}
        />
      </Form>
      {target !== null && (
        <SeekQuestion consumer={consumer} target={target} onClose={() => setTarget(null)} onMoved={onMoved} />
      )}
    </section>
  )
}

function SeekQuestion({
  consumer,
  target,
  onClose,
  onMoved,
}: {
  consumer: Consumer
  target: Target
  onClose: () => void
  onMoved: (consumer: Consumer) => void
}) {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const move = async () => {
    if (isBusy) return
    setBusy(true)
    const params = { path: { name: consumer.name } }
    const result = await call(
      api.POST('/api/v1/consumers/{name}/seek', { params, body: placeOf(target.draft) }),
    )
    setBusy(false)
    if (!result.ok) return setFailure(result.failure)
    onClose()
    onMoved(result.data)
  }
  return (
    <Dialog title={t.consumers.seekTitle(consumer.name)} onClose={onClose}>
      <p>{consequence(consumer.position, target.sequence)}</p>
      {consumer.lease && <p>{t.consumers.seekEndsLease}</p>}
      {failure && <FailureNote failure={failure} />}
      <div class="actions">
        <button type="button" onClick={onClose}>
          {t.common.cancel}
        </button>
        <button type="button" class="danger" aria-disabled={isBusy} onClick={move}>
          {t.consumers.seekConfirm}
        </button>
      </div>
    </Dialog>
  )
}

function consequence(from: number, to: number): string {
  if (to < from) return t.consumers.repeats(to + 1, from)
  return to > from ? t.consumers.skips(from + 1, to) : t.consumers.seeksNowhere
}

/** As the API is told. */
function placeOf({ place, sequence, since }: PlaceDraft) {
  if (place === 'sequence') return { sequence: numberOf(sequence) }
  if (place === 'time') return { since }
  return { to: place === 'beginning' ? ('beginning' as const) : ('end' as const) }
}

/** The sequence after which it goes on: of a time, the one before the first event that was seen then or later. */
async function targetOf(draft: PlaceDraft, consumer: Consumer): Promise<Result<Target>> {
  const { place, sequence, since } = draft
  const found = (at: number): Result<Target> => ({ ok: true, data: { draft, sequence: at } })
  const end = consumer.position + consumer.lag
  if (place === 'beginning') return found(0)
  if (place === 'sequence') return found(Math.min(end, Number(sequence)))
  if (place === 'now') return found(end)
  const result = await call(
    api.GET('/api/v1/events', { params: { query: { order: 'oldest', since, limit: 1 } } }),
  )
  if (!result.ok) return result
  const [first] = result.data.data
  return found(first ? first.sequence - 1 : end)
}
