/** @module Why it did not arrive, and what to do: in plain words, with those of the API beside them. */

import { linkTo } from '../../address.ts'
import type { Schemas } from '../../api.ts'
import { t } from '../../texts/index.ts'
import { reasonOf } from './reasons.ts'

/** Nothing, where nothing went wrong. */
export function WhyFailed({ delivery }: { delivery: Schemas['Delivery'] }) {
  const { state, error, lastAttempt, endpoint } = delivery
  const reason = reasonOf({ status: lastAttempt?.status ?? null, error })
  if (reason === null || state === 'delivered') return null
  const { why, cure } = t.deliveries.reasons[reason]
  return (
    <section class={state === 'failed' ? 'note bad' : 'note warn'} aria-label={t.deliveries.whyTitle}>
      <h2>{t.deliveries.whyTitle}</h2>
      <p>{why}</p>
      <p>
        {cure} <a href={linkTo(['endpoints', endpoint])}>{t.deliveries.toEndpoint}</a>
      </p>
      <p class="quiet">
        {t.deliveries.recorded}{' '}
        <q lang="en" dir="auto" class="wrap">
          {error}
        </q>
      </p>
    </section>
  )
}
