/** @module All attempts of a delivery on a line, from when it was asked for to what comes next. */
import type { Schemas } from '../../api.ts'
import { duration } from '../../format.ts'
import { Badge } from '../../parts/badge.tsx'
import { ExactMoment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { Answer } from './answer.tsx'
import { answerWords } from './line.tsx'
import type { DeliveryWithAttempts } from './one.tsx'
import { WhatNext } from './what-next.tsx'

type Attempt = DeliveryWithAttempts['allAttempts'][number]

export function TimeLine({
  delivery,
  endpoint,
}: {
  delivery: DeliveryWithAttempts
  endpoint: Schemas['Endpoint'] | null
}) {
  const { allAttempts, attempts, createdAt } = delivery
  // One that was sent again was asked for after its first attempts.
  const before = allAttempts.filter(({ startedAt }) => startedAt < createdAt)
  const since = allAttempts.slice(before.length)
  const one = (attempt: Attempt) => <OneAttempt key={attempt.number} attempt={attempt} />
  return (
    <>
      {attempts > allAttempts.length && <p class="quiet">{t.deliveries.lastOnly(allAttempts.length)}</p>}
      <ol class="time-line">
        {before.map(one)}
        <li class="asked">
          <p>
            <strong>{before.length > 0 ? t.deliveries.askedAgain : t.deliveries.asked}</strong>{' '}
            <span class="quiet">
              <ExactMoment at={createdAt} />
            </span>
          </p>
        </li>
        {since.map(one)}
        <li class={`end ${delivery.state}`}>
          <WhatNext delivery={delivery} endpoint={endpoint} />
        </li>
      </ol>
    </>
  )
}

function OneAttempt({ attempt }: { attempt: Attempt }) {
  const { number, startedAt, durationMs, status, error, response } = attempt
  const isGood = error === null
  // What says no more than the status is said already.
  const isSaid = error === `answered ${status}`
  return (
    <li class={isGood ? 'good' : 'bad'}>
      <p>
        <strong>{t.deliveries.attempt(number)}</strong>{' '}
        <Badge tone={isGood ? 'good' : 'bad'}>{answerWords(attempt)}</Badge>{' '}
        <span class="quiet">
          <ExactMoment at={startedAt} />
          {durationMs !== null && ` · ${t.deliveries.took(duration(durationMs))}`}
        </span>
      </p>
      {error !== null && !isSaid && (
        <p lang="en" dir="auto" class="wrap">
          {error}
        </p>
      )}
      {response !== null && <Answer text={response} number={number} />}
    </li>
  )
}
