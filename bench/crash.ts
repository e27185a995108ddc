/** @module What is lost when workerd is killed under load, and what comes twice. */
import { ROUND_SIZE } from '../src/workers/round-size.ts'
import { Random } from '../test/model/random.ts'
import { crashOften } from '../test/support/crashes.ts'
import { atMost, type Figure } from './figures.ts'

const KILLS = 50
const SEED = 1

/** The figures of crashes. */
export async function crashFigures(): Promise<Figure[]> {
  const { owed, lost, duplicates, unfinished, unacknowledged, duringDeliveries } = await crashOften(
    KILLS,
    new Random(SEED),
  )
  const known = { target: null, pass: true }
  return [
    atMost('crash.lost', lost + unfinished, 0, 'deliveries'),
    atMost('crash.duplicates', duplicates, KILLS * ROUND_SIZE - 1, 'requests'),
    { name: 'crash.owed', value: owed, unit: 'deliveries', ...known },
    // Without these the kills would have met nothing.
    {
      name: 'crash.during_deliveries',
      value: duringDeliveries,
      unit: `of ${KILLS} kills`,
      target: '> 0',
      pass: duringDeliveries > 0,
    },
    {
      name: 'crash.unacknowledged',
      value: unacknowledged,
      unit: 'stored events',
      target: '> 0',
      pass: unacknowledged > 0,
    },
  ]
}
