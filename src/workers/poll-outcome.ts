/** @module What a poll of one source came to. */

import type { GuardedWrite } from '../db/polls.ts'
import type { NewEvent } from '../events/types.ts'
import type { ErrorKind } from './error-kinds.ts'

/** Why a poll ends before it is done. */
export type Stop =
  /** Somebody else is reading the instance. */
  | { kind: 'busy' }
  /** Somebody else has moved the source on. */
  | { kind: 'superseded' }
  /** The budget is spent, or the instance asked for a rest: come back then, to where the checkpoint stands. */
  | { kind: 'waiting'; waitMs: number; detail: string }
  /** It is never to be read again, unless something changes: what that is, is to be committed. */
  | { kind: 'ended'; detail: string; events: readonly NewEvent[]; writes: readonly GuardedWrite[] }
  | Failed

/** `isInstanceWide`: the instance can't be read now, not only this of it. */
export type Failed = { kind: 'failed'; reason: ErrorKind; detail: string; isInstanceWide: boolean }

export type PollOutcome = { kind: 'done' } | Stop

/** Thrown by what a poll calls, deep inside: there is nothing more to be done now. */
export class Interruption extends Error {
  readonly stop: Stop

  constructor(stop: Stop) {
    super(`the poll is interrupted: ${stop.kind}`)
    this.stop = stop
  }
}

/** Work that a poll can do without: null when there is no leave for it now. What it was to find, a later poll finds. */
export async function optionally<TResult>(work: () => Promise<TResult>): Promise<TResult | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Interruption && error.stop.kind === 'waiting') return null
    throw error
  }
}
