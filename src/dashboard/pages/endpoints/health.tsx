/** @module How an endpoint did in the last day, in numbers. */

import { linkTo } from '../../address.ts'
import { duration, number, percent } from '../../format.ts'
import { HourChart } from '../../parts/chart.tsx'
import { t } from '../../texts/index.ts'
import type { Statistics } from './reads.ts'
import { Section } from './section.tsx'

export function Health({ id, statistics, isOwn }: { id: string; statistics: Statistics; isOwn: boolean }) {
  const words = t.endpoints.health
  const { hours, attempts, successRate, latency, waiting, failed } = statistics
  return (
    <Section title={words.title}>
      <dl class="figures">
        <div>
          <dt>{words.success}</dt>
          <dd>{successRate === null ? '–' : percent(successRate)}</dd>
        </div>
        {(['p50Ms', 'p90Ms', 'p99Ms'] as const).map((name) => (
          <div key={name}>
            <dt>{words[name]}</dt>
            <dd>{latency ? duration(latency[name]) : '–'}</dd>
          </div>
        ))}
        <div>
          <dt>{words.waiting}</dt>
          <dd>
            <a href={linkTo(['deliveries', id], { state: 'pending' })}>{countOf(waiting)}</a>
          </dd>
        </div>
        <div>
          <dt>{words.failed}</dt>
          <dd>
            <a href={linkTo(['deliveries', id], { state: 'failed' })}>{countOf(failed)}</a>
          </dd>
        </div>
      </dl>
      {failed.count > 0 && isOwn && (
        <p class="note warn">
          {words.recover(failed.count)}{' '}
          <a href={linkTo(['endpoints', id, 'send-again'], { kind: 'failed' })}>
            {t.endpoints.sendAgain.recover}
          </a>
        </p>
      )}
      {attempts === 0 ? (
        <p class="quiet">{words.noAttempts}</p>
      ) : (
        <HourChart
          title={words.attempts}
          hours={hours.map(({ hour }) => hour)}
          series={[
            {
              title: words.delivered,
              colour: '--series-1',
              values: hours.map(({ delivered }) => delivered),
            },
            { title: words.refused, colour: '--series-2', values: hours.map((hour) => hour.failed) },
          ]}
        />
      )}
    </Section>
  )
}

/** They are counted up to a thousand. */
function countOf({ count, isMore }: Statistics['waiting']): string {
  return isMore ? `> ${number(count)}` : number(count)
}
