/** @module Whether the target of an endpoint wants to be sent to; if it has not said so, why not, and what helps. */
import { useEffect, useRef } from 'preact/hooks'
import { api, call } from '../../api.ts'
import { CodeBlock } from '../../parts/copy.tsx'
import { FailureNote } from '../../parts/failure.tsx'
import { Moment } from '../../parts/time.tsx'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useEvery } from '../../use-every.ts'
import { isChat } from './format-advice.ts'
import type { Endpoint } from './reads.ts'
import { useAction } from './use-action.ts'

/** How often it looks whether it was asked. */
const LOOK_MS = 2_000

/** What a receiver answers, after it has verified the signature. */
const ANSWER = `if (event.type === 'endpoint.verification') {
  return response.end(JSON.stringify({ challenge: event.data.challenge }))
}`

export function Verification({
  endpoint,
  onChanged,
  reload,
}: {
  endpoint: Endpoint
  onChanged: (endpoint: Endpoint) => void
  reload: () => void
}) {
  const words = t.endpoints.verification
  const { id, verifiedAt, verificationError } = endpoint
  // It is asked as soon as it is made: until that has come to something.
  const isBeingAsked = verifiedAt === null && verificationError === null
  useEvery(isBeingAsked ? LOOK_MS : null, reload)
  const answered = useRef<HTMLDivElement>(null)
  const wasPending = useRef(verifiedAt === null)
  useEffect(() => {
    // The button that was pressed is gone.
    if (wasPending.current && verifiedAt !== null && document.activeElement === document.body)
      answered.current?.focus()
  }, [verifiedAt])

  return (
    <div ref={answered} tabIndex={-1} class="verification">
      <div role="status">
        {verifiedAt !== null && (
          <div class="note good">
            <p>
              <strong>{words.yes}</strong> <Moment at={verifiedAt} />
            </p>
          </div>
        )}
        {isBeingAsked && (
          <p class="loading">
            <span class="spinner" aria-hidden="true" /> {words.asking}
          </p>
        )}
        {verificationError !== null && verifiedAt === null && (
          <div class="note warn">
            <p>
              <strong>{words.notYet}</strong>
            </p>
            <p lang="en" dir="auto" class="wrap">
              {verificationError}
            </p>
          </div>
        )}
      </div>
      {verifiedAt === null && (
        <>
          <Ask id={id} onChanged={onChanged} />
          {isChat(endpoint.format) ? <p>{words.chat}</p> : <HowTo endpoint={endpoint} />}
        </>
      )}
    </div>
  )
}

function Ask({ id, onChanged }: { id: string; onChanged: (endpoint: Endpoint) => void }) {
  const words = t.endpoints.verification
  const mayConfirm = useCan()('verifyEndpointsOfOthers')
  const ask = useAction()
  const confirm = useAction()
  const params = { path: { id } }
  const failure = ask.failure ?? confirm.failure
  return (
    <>
      {failure && <FailureNote failure={failure} />}
      <div class="actions">
        <button
          type="button"
          class="primary"
          aria-disabled={ask.isBusy}
          onClick={() =>
            ask.run(() => call(api.POST('/api/v1/endpoints/{id}/verify', { params })), onChanged)
          }
        >
          {ask.isBusy && <span class="spinner" aria-hidden="true" />}
          {words.ask}
        </button>
        {mayConfirm && (
          <button
            type="button"
            aria-disabled={confirm.isBusy}
            onClick={() =>
              confirm.run(
                () => call(api.PATCH('/api/v1/endpoints/{id}', { params, body: { verified: true } })),
                onChanged,
              )
            }
          >
            {words.confirm}
          </button>
        )}
      </div>
      {mayConfirm && <p class="hint">{words.confirmHint}</p>}
    </>
  )
}

function HowTo({ endpoint: { format } }: { endpoint: Endpoint }) {
  const words = t.endpoints.verification
  return (
    <>
      <h3>{words.howTo}</h3>
      <p>{words.program}</p>
      {format !== 'standard' && <p>{words.handshake}</p>}
      <CodeBlock label={words.answer} text={ANSWER} />
      <p>{words.signed}</p>
    </>
  )
}
