/** @module Events and deliveries by the hour. */
import { kindOf } from '../../event-types.ts'
import { HourChart, type Series } from '../../parts/chart.tsx'
import { t } from '../../texts/index.ts'
import type { Overview } from './index.tsx'

type Hours = Overview['hours']

/** Kinds that have a colour of their own: the same as in lists. What is about Tubewire's own things is rare, and shares one. */
const KINDS = {
  video: '--series-1',
  live: '--series-2',
  comment: '--series-3',
  notification: '--series-4',
} as const
type Kind = keyof typeof KINDS

export function Charts({ hours }: { hours: Hours }) {
  const names = hours.map(({ hour }) => hour)
  return (
    <div class="grid">
      <div class="card">
        <HourChart title={t.overview.events} hours={names} series={eventSeries(hours)} />
      </div>
      <div class="card">
        <HourChart
          title={t.overview.attempts}
          hours={names}
          series={[
            {
              title: t.overview.succeeded,
              colour: '--series-1',
              values: hours.map(({ delivered }) => delivered),
            },
            { title: t.overview.failed, colour: '--bad', values: hours.map(({ failed }) => failed) },
          ]}
        />
      </div>
    </div>
  )
}

/** One for each kind of which something was seen; videos in any case, so that there is something to look for. */
function eventSeries(hours: Hours): Series[] {
  const kinds = Object.keys(KINDS) as Kind[]
  const own = kinds.map((kind) => ({
    title: t.eventKinds[kind],
    colour: KINDS[kind],
    values: hours.map(({ events }) => events[kind] ?? 0),
  }))
  const others = {
    title: t.overview.otherEvents,
    colour: '--series-5' as const,
    values: hours.map(({ events }) =>
      Object.entries(events)
        .filter(([kind]) => !Object.hasOwn(KINDS, kindOf(kind)))
        .reduce((sum, [, count]) => sum + count, 0),
    ),
  }
  return [...own, others].filter(
    ({ values, colour }) => colour === KINDS.video || values.some((value) => value > 0),
  )
}
