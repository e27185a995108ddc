/** @module How many hours an answer is about. */
import * as v from 'valibot'
import { wholeNumber } from './fields.ts'

/** A week. */
const MOST_HOURS = 168

export const Hours = v.optional(
  v.pipe(
    wholeNumber(1, MOST_HOURS),
    v.description(`How many hours, 1 to ${MOST_HOURS}; the current one is the last.`),
  ),
  '24',
)

/** A number of things. */
export const Count = v.pipe(v.number(), v.integer(), v.minValue(0))
