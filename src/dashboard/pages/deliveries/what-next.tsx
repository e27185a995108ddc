/** @module What comes next: another attempt and when, or why it waits, or that it is over. */

import { linkTo } from '../../address.ts'
import type { Schemas } from '../../api.ts'
import { ExactMoment, useNow } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'

type Props = { delivery: Schemas['Delivery']; endpoint: Schemas['Endpoint'] | null }

/** A sentence or two. @param endpoint null: it is not known yet how it is. */
export function WhatNext({ delivery, endpoint }: Props) {
  const { state, finishedAt, attempts } = delivery
  if (state === 'pending') return <Pending delivery={delivery} endpoint={endpoint} />
  return (
    <p>
      {state === 'delivered' && t.deliveries.isDelivered(attempts)}
      {state === 'failed' && t.deliveries.isFailed(attempts)}
      {state === 'skipped' && t.deliveries.isSkipped} {finishedAt !== null && <ExactMoment at={finishedAt} />}
    </p>
  )
}

function Pending({ delivery, endpoint }: Props) {
  const now = useNow()
  const { nextAttemptAt, attempts } = delivery
  const isInLine = nextAttemptAt !== null && Date.parse(nextAttemptAt) <= now
  const why = endpoint && whyItWaits(endpoint, now)
  return (
    <>
      {nextAttemptAt !== null && (
        <p>
          {isInLine ? (
            t.deliveries.isInLine
          ) : (
            <>
              {t.deliveries.isTriedNext(attempts + 1)} <ExactMoment at={nextAttemptAt} />
            </>
          )}
        </p>
      )}
      {why && (
        <p>
          {why} <a href={linkTo(['endpoints', delivery.endpoint])}>{t.deliveries.toEndpoint}</a>
        </p>
      )}
      {isInLine && endpoint && endpoint.ordering !== 'none' && (
        <p>{t.deliveries.inOrder[endpoint.ordering]}</p>
      )}
    </>
  )
}

/** What of its endpoint holds a delivery back; null: nothing. */
function whyItWaits(endpoint: Schemas['Endpoint'], now: number): string | null {
  const { state, pausedBy, heldUntil } = endpoint
  if (state === 'active')
    return heldUntil !== null && Date.parse(heldUntil) > now ? t.deliveries.waitsFor.held : null
  if (state === 'paused') return t.deliveries.waitsFor.paused[pausedBy ?? 'owner']
  return t.deliveries.waitsFor[state]
}
