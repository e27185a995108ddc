/** @module Blocking an account, with a reason, and letting it in again. */
import { useState } from 'preact/hooks'
import { api, call, type Failure } from '../../api.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { FailureNote } from '../../parts/failure.tsx'
import { Form, TextField } from '../../parts/form.tsx'
import { t } from '../../texts/index.ts'
import type { Account } from './state.tsx'

type Props = { account: Account; onDone: () => void }

export function BlockButton({ account, onDone }: Props) {
  const [isOpen, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const send = () =>
    call(
      api.POST('/api/v1/users/{id}/block', {
        params: { path: { id: account.id } },
        body: reason.trim() === '' ? {} : { reason: reason.trim() },
      }),
    )
  return (
    <>
      <button type="button" class="danger" onClick={() => setOpen(true)}>
        {t.users.block}
      </button>
      {isOpen && (
        <Dialog title={t.users.blockTitle(account.username)} onClose={() => setOpen(false)}>
          <p>{t.users.blockQuestion}</p>
          <Form
            submit={t.users.block}
            isDangerous
            send={send}
            onDone={() => {
              setOpen(false)
              onDone()
            }}
            more={
              <button type="button" onClick={() => setOpen(false)}>
                {t.common.cancel}
              </button>
            }
          >
            <TextField
              label={t.users.reason}
              name="reason"
              hint={t.users.reasonHint}
              maxLength={250}
              isOptional
              value={reason}
              onChange={setReason}
            />
          </Form>
        </Dialog>
      )}
    </>
  )
}

/** Nothing is lost by it: it asks nothing. */
export function UnblockButton({ account, onDone }: Props) {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const unblock = async () => {
    if (isBusy) return
    setBusy(true)
    const path = { id: account.id }
    const result = await call(api.POST('/api/v1/users/{id}/unblock', { params: { path } }))
    setBusy(false)
    setFailure(result.ok ? null : result.failure)
    if (result.ok) onDone()
  }
  return (
    <>
      {failure && <FailureNote failure={failure} />}
      <button type="button" aria-disabled={isBusy} onClick={unblock}>
        {t.users.unblock}
      </button>
    </>
  )
}
