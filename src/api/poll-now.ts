/** @module What is due in D1 already is read at once, and not at the next tick. */
import type { Deps } from '../workers/deps.ts'
import { tolerating, wakePolls } from '../workers/messages.ts'

/** Wakes the polls of an instance whose sources are due. */
export async function pollNow({ env, log }: Deps, instanceId: string): Promise<void> {
  await tolerating(log, 'polls', wakePolls(env.POLL_QUEUE, [{ instanceId, delaySeconds: 0 }]))
}
