/** @module What happens by the hour is counted, and forgotten after eight days. See docs/decisions/022. */
import { forgetAttempts } from '../db/delivery-hours.ts'
import { countEvents } from '../db/event-hours.ts'
import { isForgettingDue, KEPT_MS } from '../db/hours.ts'
import type { Deps } from './deps.ts'

/** Of one statement, and how many statements of one tick: more than that goes in the next hour. */
const ROWS = 5_000
const STATEMENTS = 20

/** Counts what is new in the log; once an hour forgets what was counted of attempts for too long. */
export async function countHours({ env, clock }: Deps): Promise<void> {
  const now = clock()
  await countEvents(env.DB, now)
  if (!(await isForgettingDue(env.DB, now))) return
  for (let count = 0; count < STATEMENTS; count += 1)
    if ((await forgetAttempts(env.DB, now - KEPT_MS, ROWS)) < ROWS) return
}
