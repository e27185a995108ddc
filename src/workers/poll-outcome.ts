/** @module What a poll came to. */
import type { DueSource } from '../db/polls.ts'

/** What a poll of one source came to, and what it cost the instance. */
export type PollOutcome = {
  /** The source as the poll left it: its revision moves with every commit. */
  source: DueSource
  requests: number
  events: number
} & (
  | { kind: 'done' | 'superseded' }
  /** Somebody else is reading the instance. */
  | { kind: 'busy' }
  /** The budget is spent, or the instance asked for a rest: come back then, to where the checkpoint stands. */
  | { kind: 'waiting'; waitMs: number; detail: string }
  | { kind: 'failed'; detail: string }
)
