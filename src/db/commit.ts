/** @module What stores events: the same for a poll, for outcomes of deliveries, and for all that they cause. */
import type { NewEvent } from '../events/types.ts'

/** A condition that every statement of a commit carries, with its values. */
export type Guard = { sql: string; values: readonly (string | number)[] }

/** @param pollId new for each commit: of an event that is there already, another one has made what it causes. */
export type Commit = { pollId: string; events: readonly NewEvent[]; now: number; guard: Guard }
