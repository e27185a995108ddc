/** @module What is about to be sent. */
import type { Schemas } from '../../api.ts'

const SOON_MS = 20_000

/** Whether a delivery is in line, or is within seconds. @param now milliseconds since the epoch. */
export function isSoon({ state, nextAttemptAt }: Schemas['Delivery'], now: number): boolean {
  return state === 'pending' && nextAttemptAt !== null && Date.parse(nextAttemptAt) - now < SOON_MS
}
