/** @module Not yet. */
import type { PollRun } from './poll-run.ts'

export async function pollNotifications(run: PollRun): Promise<void> {
  await run.commit({ next: 'paced' })
}
