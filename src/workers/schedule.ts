/** @module Every tick: wakes what is due. It promises nothing and keeps nothing, so ticks may overlap or go missing. */
import { dueEndpoints } from '../db/deliveries.ts'
import { dueInstances } from '../db/polls.ts'
import { cleanUp } from '../db/sessions.ts'
import { forgetUnverified } from '../db/user-emails.ts'
import type { Deps } from './deps.ts'
import { forgetOldMails, sendDueMails } from './mails.ts'
import { wakeDeliveriesAt, wakePolls } from './messages.ts'
import { lookahead } from './poll.ts'

/**
 * Sends a message for each instance with a due source, and for the endpoints with a delivery that is due, or will be
 * before the next tick: that message is delayed, so that a retry comes at its time. Mails are few, and sent by the tick itself.
 */
export async function schedule(deps: Deps): Promise<void> {
  const { DB, POLL_QUEUE, DELIVERY_QUEUE } = deps.env
  const now = deps.clock()
  const aheadMs = lookahead(deps)
  // One that fails must not keep the others from being woken.
  const woken = await Promise.allSettled([
    dueInstances(DB, now + aheadMs).then((instances) => wakePolls(POLL_QUEUE, instances, { aheadMs })),
    dueEndpoints(DB, now + deps.config.cronPeriodMs).then((endpoints) =>
      wakeDeliveriesAt(DELIVERY_QUEUE, endpoints, now),
    ),
    sendDueMails(deps),
    forgetOldMails(deps),
    cleanUp(DB, now),
    forgetUnverified(DB, now),
  ])
  const failures = woken.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (failures.length > 0)
    throw new AggregateError(failures, 'the tick could not wake everything that is due')
}
