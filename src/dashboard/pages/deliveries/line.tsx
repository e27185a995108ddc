/** @module A delivery in a line: of what, what became of it, how it was answered, what is next. */

import { linkTo } from '../../address.ts'
import type { Schemas } from '../../api.ts'
import { typeName } from '../../event-types.ts'
import { duration, number } from '../../format.ts'
import { DeliveryBadge } from '../../parts/delivery-badge.tsx'
import { Moment, useNow } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'

export function DeliveryLine({ delivery }: { delivery: Schemas['Delivery'] }) {
  const { endpoint, sequence, type, attempts, lastAttempt } = delivery
  return (
    <div class="delivery-line">
      <span class="of">
        <a href={linkTo(['deliveries', endpoint, String(sequence)])}>
          {typeName(type)} <span class="number">#{sequence}</span>
        </a>
      </span>
      <span class="became">
        <DeliveryBadge delivery={delivery} />
      </span>
      <span class="answered quiet">
        {lastAttempt && (
          <>
            {answerWords(lastAttempt)}
            {lastAttempt.durationMs !== null && ` · ${duration(lastAttempt.durationMs)}`} ·{' '}
            {t.deliveries.attempts(attempts)}
          </>
        )}
      </span>
      <span class="next quiet">
        <WhenNext delivery={delivery} />
      </span>
    </div>
  )
}

/** `answered 500`, or that there was no answer. */
export function answerWords({ status }: { status: number | null }): string {
  return status === null
    ? t.deliveries.noAnswer
    : t.deliveries.answered(number(status, { useGrouping: false }))
}

/** When it is tried next, or when it was over. */
function WhenNext({ delivery: { state, nextAttemptAt, finishedAt } }: { delivery: Schemas['Delivery'] }) {
  const now = useNow()
  if (finishedAt !== null) return <Moment at={finishedAt} />
  if (state !== 'pending') return null
  if (nextAttemptAt === null) return <>{t.deliveries.waits}</>
  if (Date.parse(nextAttemptAt) <= now) return <>{t.deliveries.inLine}</>
  return (
    <>
      {t.deliveries.nextTry} <Moment at={nextAttemptAt} />
    </>
  )
}
