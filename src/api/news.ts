/** @module Waiting for something to be new in the event log. */
import type { Deps } from '../workers/deps.ts'

/** How often the log is looked at. */
const LOOK_EVERY_MS = 1_000

/**
 * Passes time until there may be events after a sequence, and no more than so much. What there is then, the caller looks up.
 * @param _sequence the newest that the caller knows of.
 */
export async function untilNews(
  { pause }: Pick<Deps, 'pause'>,
  _sequence: number,
  milliseconds: number,
): Promise<void> {
  await pause(Math.min(milliseconds, LOOK_EVERY_MS))
}
