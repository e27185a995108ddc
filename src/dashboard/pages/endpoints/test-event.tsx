/** @module A test: the example of an event is sent now, and what came of it is shown. */
import { useState } from 'preact/hooks'
import { api, call } from '../../api.ts'
import { type EventType, eventTypes, typeName } from '../../event-types.ts'
import { duration } from '../../format.ts'
import { FailureNote } from '../../parts/failure.tsx'
import { SelectField } from '../../parts/form.tsx'
import { t } from '../../texts/index.ts'
import type { Endpoint } from './reads.ts'
import { useAction } from './use-action.ts'
import { Why } from './why.tsx'

type Outcome = {
  delivered: boolean
  status: number | null
  error: string | null
  durationMs: number
  response: string | null
}

export function TestEvent({ endpoint: { id } }: { endpoint: Endpoint }) {
  const words = t.endpoints.test
  const [type, setType] = useState<EventType>('video.published')
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const { isBusy, failure, run } = useAction()
  const send = () =>
    run(
      () => call(api.POST('/api/v1/endpoints/{id}/test', { params: { path: { id } }, body: { type } })),
      setOutcome,
    )
  return (
    <>
      <div class="test-event">
        <SelectField
          label={words.type}
          name="type"
          value={type}
          // One of the options.
          onChange={(chosen) => setType(chosen as EventType)}
          options={Object.fromEntries(eventTypes().map((one) => [one, typeName(one)]))}
        />
        <button type="button" class="primary" aria-disabled={isBusy} onClick={send}>
          {isBusy && <span class="spinner" aria-hidden="true" />}
          {words.send}
        </button>
      </div>
      {failure && <FailureNote failure={failure} />}
      <div role="status">{outcome && !failure && <Came of={outcome} />}</div>
    </>
  )
}

function Came({ of: { delivered, status, error, durationMs, response } }: { of: Outcome }) {
  const words = t.endpoints.test
  const took = duration(durationMs)
  return (
    <div class={delivered ? 'note good' : 'note bad'}>
      <p>
        <strong>{delivered ? words.arrived : words.failed}</strong>{' '}
        {status === null ? words.noAnswer(took) : words.answered(String(status), took)}
      </p>
      {!delivered && (
        <>
          {error && (
            <p lang="en" dir="auto" class="wrap">
              {error}
            </p>
          )}
          <Why status={status} error={error} />
        </>
      )}
      {response && (
        <details>
          <summary>{words.response}</summary>
          <pre class="wrap answer" dir="auto">
            {response}
          </pre>
        </details>
      )}
    </div>
  )
}
