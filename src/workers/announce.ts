/** @module What is done with events that a commit stored, besides their deliveries: they are logged, and streams are woken. */
import type { StoredEvent } from '../db/fan-out.ts'
import type { Deps } from './deps.ts'
import { logEvents } from './log-events.ts'
import { tolerating } from './messages.ts'
import { patiently } from './patience.ts'
import { wakeStreams } from './stream-access.ts'

/** The object of the streams answers in a millisecond. Where it doesn't, nobody waits for it: it looks by itself, too. */
const PATIENCE_MS = 1_000

/** Tells of stored events. Never fails. @param titles as of `logEvents`. */
export async function announce(
  { log, env }: Pick<Deps, 'log' | 'env'>,
  stored: readonly StoredEvent[],
  titles?: ReadonlyMap<string, string>,
): Promise<void> {
  logEvents(log, stored, titles)
  if (stored.length === 0) return
  await patiently(tolerating(log, 'streams', wakeStreams(env.STREAM_HUB)), PATIENCE_MS)
}
