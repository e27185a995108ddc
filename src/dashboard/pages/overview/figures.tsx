/** @module What there is, and how much of it is in trouble, in a figure each. */

import { linkTo } from '../../address.ts'
import { number } from '../../format.ts'
import { t } from '../../texts/index.ts'
import type { Overview } from './index.tsx'

type Figure = {
  title: string
  path: readonly string[]
  value: number
  /** What is to be said of it: of bad things first. */
  notes: readonly string[]
  isBad: boolean
}

export function Figures({ overview }: { overview: Overview }) {
  return (
    <dl class="figures">
      {figuresOf(overview).map(({ title, path, value, notes, isBad }) => (
        <div key={title}>
          <dt>
            <a href={linkTo(path)}>{title}</a>
          </dt>
          <dd>
            {number(value)}
            <span class={isBad ? 'sub bad' : 'sub'}>{notes.join(' · ')}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}

function figuresOf({ instances, endpoints, connections, hours }: Overview): Figure[] {
  const words = t.overview.figures
  const events = hours.flatMap((hour) => Object.values(hour.events)).reduce((sum, count) => sum + count, 0)
  const delivered = hours.reduce((sum, hour) => sum + hour.delivered, 0)
  const failed = hours.reduce((sum, hour) => sum + hour.failed, 0)
  return [
    {
      title: t.nav.instances,
      path: ['instances'],
      value: instances.total,
      ...told(instances.total, words.allAnswer, [
        [instances.unreachable, words.unreachable, true],
        [instances.failing, words.failing, true],
        [instances.paused, words.paused, false],
      ]),
    },
    {
      title: t.nav.endpoints,
      path: ['endpoints'],
      value: endpoints.total,
      ...told(endpoints.total, words.allTake, [
        [endpoints.disabled, words.disabled, true],
        [endpoints.failing, words.failing, true],
        [endpoints.pending, words.pending, true],
        [endpoints.paused, words.paused, false],
      ]),
    },
    {
      title: t.nav.connections,
      path: ['connections'],
      value: connections.total,
      ...told(connections.total, words.allHold, [[connections.expired, words.expired, true]]),
    },
    {
      title: t.nav.events,
      path: ['events'],
      value: events,
      notes: [words.inRange(hours.length)],
      isBad: false,
    },
    {
      title: t.nav.deliveries,
      path: ['deliveries'],
      value: delivered,
      notes: [failed > 0 ? words.failedAttempts(failed) : words.inRange(hours.length)],
      isBad: failed > 0,
    },
  ]
}

/** @param troubles how many there are, what is said of them, whether that is bad. */
function told(
  total: number,
  well: string,
  troubles: readonly [count: number, say: (count: number) => string, isBad: boolean][],
): { notes: string[]; isBad: boolean } {
  const found = troubles.filter(([count]) => count > 0)
  const notes = found.map(([count, say]) => say(count))
  return {
    notes: notes.length > 0 ? notes : [total === 0 ? t.overview.figures.none : well],
    isBad: found.some(([, , isBad]) => isBad),
  }
}
