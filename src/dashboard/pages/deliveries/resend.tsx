/** @module Sending a delivery again, and seeing what comes of it. */
import { useState } from 'preact/hooks'
import { api, call, type Failure } from '../../api.ts'
import { FailureNote } from '../../parts/failure.tsx'
import { useNow } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { useEvery } from '../../use-every.ts'
import type { Loaded } from '../../use-loaded.ts'
import { answerWords } from './line.tsx'
import type { DeliveryWithAttempts } from './one.tsx'

/** How often it looks whether the attempt was made, and for how long. */
const LOOK_MS = 2_000
const WATCH_MS = 60_000

type Watch = { attempts: number; until: number }

export type Resending = {
  isBusy: boolean
  /** Whether the attempt is awaited: it is looked for. */
  isWatched: boolean
  failure: Failure | null
  /** What came of it so far; empty: nothing was asked for. */
  words: string
  send: () => void
}

/** @param loaded the delivery, which is read again until the attempt is there. */
export function useResend(loaded: Loaded<DeliveryWithAttempts>): Resending {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [watch, setWatch] = useState<Watch | null>(null)
  const now = useNow()
  const { data } = loaded
  const isMade = watch !== null && data !== null && data.attempts > watch.attempts
  const isWatched = watch !== null && !isMade && now < watch.until
  useEvery(isWatched ? LOOK_MS : null, loaded.reload)
  return {
    isBusy,
    isWatched,
    failure,
    words: watch && data ? wordsOf(data, isMade) : '',
    async send() {
      if (!data || isBusy) return
      setBusy(true)
      const path = { id: data.endpoint, sequence: String(data.sequence) }
      const result = await call(
        api.POST('/api/v1/endpoints/{id}/deliveries/{sequence}/resend', { params: { path } }),
      )
      setBusy(false)
      setFailure(result.ok ? null : result.failure)
      if (!result.ok) return
      setWatch({ attempts: result.data.attempts, until: Date.now() + WATCH_MS })
      loaded.set(result.data)
    },
  }
}

function wordsOf({ state, nextAttemptAt, lastAttempt }: DeliveryWithAttempts, isMade: boolean): string {
  if (isMade && lastAttempt) {
    const answer = answerWords(lastAttempt)
    return state === 'delivered' ? t.deliveries.resendArrived(answer) : t.deliveries.resendFailed(answer)
  }
  return nextAttemptAt === null ? t.deliveries.resendWaits : t.deliveries.resendAsked
}

export function Resend({ resend, delivery }: { resend: Resending; delivery: DeliveryWithAttempts | null }) {
  return (
    <>
      {resend.failure && <FailureNote failure={resend.failure} />}
      <button
        type="button"
        class={delivery?.state === 'failed' ? 'primary' : ''}
        aria-disabled={resend.isBusy}
        disabled={delivery === null}
        onClick={resend.send}
      >
        {delivery?.state === 'pending' ? t.deliveries.sendNow : t.deliveries.sendAgain}
      </button>
    </>
  )
}
