/** @module How long the one statement takes that finds who wants an event, beside a bare look at all subscriptions. */
import { deliveryStatements, eventStatements } from '../src/db/fan-out.ts'
import type { NewEvent } from '../src/events/types.ts'
import { countCosts } from '../test/support/count-costs.ts'

export type MatchWork = { event: NewEvent; runs: number }
/** Milliseconds of each run. */
export type MatchTimes = { matchMs: number[]; bareMs: number[]; deliveries: number; rowsRead: number }

/** Stores the event anew for each run, and measures its fan-out. */
export async function timeMatching(real: D1Database, { event, runs }: MatchWork): Promise<MatchTimes> {
  const { db, cost } = countCosts(real)
  const times: MatchTimes = { matchMs: [], bareMs: [], deliveries: 0, rowsRead: 0 }
  for (let run = 0; run < runs; run += 1) {
    const id = `${event.id}_${run}`
    const commit = { pollId: id, events: [{ ...event, id }], now: 0, guard: { sql: '1', values: [] } }
    const [store] = eventStatements(db, commit).statements
    const [fanOut, ...others] = deliveryStatements(db, commit)
    if (!store || !fanOut || others.length > 0) throw new Error('an event is stored and matched by one each')
    await store.run()
    const before = cost.rowsRead
    const { ms, rows } = await timed(fanOut)
    times.matchMs.push(ms)
    times.rowsRead = cost.rowsRead - before
    times.deliveries = rows
    times.bareMs.push(
      (await timed(db.prepare('SELECT count(*) FROM subscriptions NOT INDEXED WHERE max_duration = -1'))).ms,
    )
  }
  return times
}

/** The clock of a Worker moves on when something from outside has come: that is, when the statement is done. */
async function timed(statement: D1PreparedStatement): Promise<{ ms: number; rows: number }> {
  const startedAt = performance.now()
  const { results } = await statement.run()
  return { ms: performance.now() - startedAt, rows: results.length }
}
