/** @module How far a source has been read, as its row has it. */
import * as v from 'valibot'
import type { DueSource } from '../db/polls.ts'
import { Interruption, type Stop } from './poll-outcome.ts'

/** What a poll comes to whose row was damaged: only our own code writes it. */
export function damaged({ id }: Pick<DueSource, 'id'>): Stop {
  const detail = `the checkpoint of ${id} is damaged`
  return { kind: 'failed', reason: 'checkpoint', detail, isInstanceWide: false }
}

/** Parses the checkpoint of a source. @throws Interruption when it was damaged. */
export function readCheckpoint<TSchema extends v.GenericSchema>(
  source: Pick<DueSource, 'id' | 'checkpoint'>,
  schema: TSchema,
): v.InferOutput<TSchema> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), source.checkpoint)
  if (parsed.success) return parsed.output
  throw new Interruption(damaged(source))
}

/** Where a source of comments began; null: it was never read. See `CommentsBaseline`. */
export const Baseline = v.optional(
  v.nullable(v.object({ newestId: v.number(), since: v.number(), staleMs: v.number() })),
  null,
)
