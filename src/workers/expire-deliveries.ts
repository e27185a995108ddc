/** @module What could not be delivered for long is given up: an endpoint that stays paused or disabled piles up no more than that. */
import { failExpired } from '../db/expired-deliveries.ts'
import type { Deps } from './deps.ts'

const HOUR_MS = 3_600_000
/** How long what is pending is kept. */
const KEPT_DAYS = 14
/** Of one statement, and how many statements of one tick: more than that goes to the next hour. */
const ROWS = 1_000
const STATEMENTS = 20

/** Gives up what has been pending for 14 days, in the first tick of each hour. It is `failed` then, and can be recovered. */
export async function expireDeliveries({ env, config, clock }: Deps): Promise<void> {
  const now = clock()
  if (now % HOUR_MS >= config.cronPeriodMs) return
  const before = now - KEPT_DAYS * 24 * HOUR_MS
  const error = `kept for ${KEPT_DAYS} days and not delivered`
  for (let count = 0; count < STATEMENTS; count += 1) {
    const failed = await failExpired(env.DB, { before, now, error }, ROWS)
    if (failed < ROWS) return
  }
}
