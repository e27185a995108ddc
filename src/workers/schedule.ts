/** @module Every tick: wakes what is due. It promises nothing and keeps nothing, so ticks may overlap or go missing. */
import { dueEndpoints } from '../db/deliveries.ts'
import { dueTimes } from '../db/polls.ts'
import { restingReplays } from '../db/replays.ts'
import { cleanUp } from '../db/sessions.ts'
import { forgetUnverified } from '../db/user-emails.ts'
import { countHours } from './count-hours.ts'
import type { Deps } from './deps.ts'
import { expireDeliveries } from './expire-deliveries.ts'
import { runHub } from './hub-requests.ts'
import { forgetOldMails, sendDueMails } from './mails.ts'
import { wakeDeliveriesAt, wakePolls, wakeReplays } from './messages.ts'

/**
 * Sends a message for each instance with a due source, and for the endpoints with a delivery that is due, or will be
 * before the next tick: that message is delayed, so that a poll or a retry comes at its time. Mails are few, and sent by the tick itself.
 */
export async function schedule(deps: Deps): Promise<void> {
  const { DB, POLL_QUEUE, DELIVERY_QUEUE } = deps.env
  const now = deps.clock()
  // One that fails must not keep the others from being woken.
  const woken = await Promise.allSettled([
    dueTimes(DB, now + horizonMs(deps.config.cronPeriodMs)).then((due) =>
      wakePolls(POLL_QUEUE, pollsAt(due, now)),
    ),
    dueEndpoints(DB, now + deps.config.cronPeriodMs).then((endpoints) =>
      wakeDeliveriesAt(DELIVERY_QUEUE, endpoints, now),
    ),
    // Those that nobody has gone on with for a while.
    restingReplays(DB, now - deps.config.cronPeriodMs).then((replays) =>
      wakeReplays(DELIVERY_QUEUE, replays),
    ),
    expireDeliveries(deps),
    countHours(deps),
    runHub(deps),
    sendDueMails(deps),
    forgetOldMails(deps),
    cleanUp(DB, now),
    forgetUnverified(DB, now),
  ])
  const failures = woken.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (failures.length > 0)
    throw new AggregateError(failures, 'the tick could not wake everything that is due')
}

/** A tick may come late: what falls due meanwhile is woken by the one before. Twice woken, the second finds nothing. */
const LATE_TICK_MS = 5_000

function horizonMs(cronPeriodMs: number): number {
  return cronPeriodMs + Math.min(LATE_TICK_MS, cronPeriodMs / 2)
}

/** One message for all sources of an instance that are due in the same second. */
function pollsAt(
  due: readonly { instanceId: string; dueAt: number }[],
  now: number,
): { instanceId: string; delaySeconds: number }[] {
  const polls = due.map(({ instanceId, dueAt }) => ({
    instanceId,
    delaySeconds: Math.max(0, Math.ceil((dueAt - now) / 1000)),
  }))
  return [...new Map(polls.map((poll) => [`${poll.instanceId} ${poll.delaySeconds}`, poll])).values()]
}
