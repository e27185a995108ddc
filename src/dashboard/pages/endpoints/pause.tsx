/** @module Pausing an endpoint, and sending to it again. */
import { useState } from 'preact/hooks'
import { api, call } from '../../api.ts'
import { focusTitle } from '../../focus-title.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { FailureNote } from '../../parts/failure.tsx'
import { Form, SelectField } from '../../parts/form.tsx'
import { MomentField } from '../../parts/moment-field.tsx'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import type { Endpoint } from './reads.ts'
import { useAction } from './use-action.ts'

/** Pauses, or resumes what is paused, disabled or broken. What a moderator has paused a moderator resumes. */
export function PauseButton({
  endpoint,
  isOwn,
  onChanged,
}: {
  endpoint: Endpoint
  isOwn: boolean
  onChanged: () => void
}) {
  const words = t.endpoints.pause
  const mayResumeAll = useCan()('resumeEndpointsOfOthers')
  const [isAsking, setAsking] = useState(false)
  const pause = useAction()
  // The button that was pressed makes room for another one.
  const changed = () => {
    onChanged()
    focusTitle()
  }
  const { id, state, pausedBy } = endpoint
  const isStopped = state === 'paused' || state === 'disabled' || state === 'broken'
  if (isStopped && pausedBy !== null && pausedBy !== 'owner' && !mayResumeAll) return null
  return (
    <>
      {isStopped && (
        <button type="button" class="primary" onClick={() => setAsking(true)}>
          {state === 'broken' ? words.resumeBroken : words.resume}
        </button>
      )}
      {state !== 'paused' && state !== 'disabled' && (
        <button
          type="button"
          aria-disabled={pause.isBusy}
          onClick={() =>
            pause.run(
              () =>
                call(
                  api.PATCH('/api/v1/endpoints/{id}', { params: { path: { id } }, body: { paused: true } }),
                ),
              changed,
            )
          }
        >
          {words.pause}
        </button>
      )}
      {pause.failure && <FailureNote failure={pause.failure} />}
      {isAsking && (
        <ResumeDialog
          endpoint={endpoint}
          isOwn={isOwn}
          onClose={() => setAsking(false)}
          onDone={() => {
            setAsking(false)
            changed()
          }}
        />
      )}
    </>
  )
}

type Backlog = 'all' | 'since' | 'none'

/** What becomes of what waited, is for its owner to say. */
function ResumeDialog({
  endpoint: { id },
  isOwn,
  onClose,
  onDone,
}: {
  endpoint: Endpoint
  isOwn: boolean
  onClose: () => void
  onDone: () => void
}) {
  const words = t.endpoints.pause
  const [backlog, setBacklog] = useState<Backlog>('all')
  const [since, setSince] = useState('')
  const params = { path: { id } }
  return (
    <Dialog title={words.resumeTitle} onClose={onClose}>
      <Form
        submit={words.resume}
        more={
          <button type="button" onClick={onClose}>
            {t.common.cancel}
          </button>
        }
        send={() =>
          call(
            api.POST('/api/v1/endpoints/{id}/resume', {
              params,
              body: { backlog: backlog === 'since' ? since : backlog },
            }),
          )
        }
        onDone={onDone}
      >
        {isOwn ? (
          <SelectField
            label={words.backlog}
            name="backlog"
            hint={words.backlogHint}
            value={backlog}
            // One of the options.
            onChange={(chosen) => setBacklog(chosen as Backlog)}
            options={words.backlogs}
          />
        ) : (
          <p>{words.allGoesOut}</p>
        )}
        {backlog === 'since' && (
          <MomentField label={words.since} name="since" value={since} onChange={setSince} />
        )}
      </Form>
    </Dialog>
  )
}
