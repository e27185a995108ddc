/** @module What a button does: once at a time, and what it fails with is kept to be shown. */
import { useState } from 'preact/hooks'
import type { Failure, Result } from '../../api.ts'

export type Action = {
  isBusy: boolean
  failure: Failure | null
  run: <TData>(send: () => Promise<Result<TData>>, onDone: (data: TData) => void) => Promise<void>
}

/** State of one button. It is not disabled while it works, for then it would lose the focus: it does nothing. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  return {
    isBusy,
    failure,
    async run(send, onDone) {
      if (isBusy) return
      setBusy(true)
      const result = await send()
      setBusy(false)
      setFailure(result.ok ? null : result.failure)
      if (result.ok) onDone(result.data)
    },
  }
}
