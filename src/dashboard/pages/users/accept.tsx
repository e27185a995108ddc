/** @module Accepting a registration. */
import { useState } from 'preact/hooks'
import { api, call, type Failure } from '../../api.ts'
import { FailureNote } from '../../parts/failure.tsx'
import { t } from '../../texts/index.ts'
import type { Account } from './state.tsx'

export function AcceptButton({
  account,
  onDone,
  isSmall = false,
}: {
  account: Account
  onDone: () => void
  isSmall?: boolean
}) {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const accept = async () => {
    if (isBusy) return
    setBusy(true)
    const path = { id: account.id }
    const result = await call(api.POST('/api/v1/users/{id}/accept', { params: { path } }))
    setBusy(false)
    setFailure(result.ok ? null : result.failure)
    if (result.ok) onDone()
  }
  return (
    <>
      {failure && <FailureNote failure={failure} />}
      <button type="button" class={isSmall ? 'small' : 'primary'} aria-disabled={isBusy} onClick={accept}>
        {t.users.accept}
        <span class="hidden">{account.username}</span>
      </button>
    </>
  )
}
