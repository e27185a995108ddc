/** @module A D1 that counts what it is asked: what the figures and the tests of the bill are made of. */

/** Round trips, and the rows that D1 bills. */
export type Cost = { roundTrips: number; rowsRead: number; rowsWritten: number }

/**
 * The database, and what has been asked of it so far.
 * `longestParameter` tells the bytes of the longest text that was bound: D1 takes 2 MB, but not the local one.
 */
export function countCosts(real: D1Database): {
  db: D1Database
  cost: Cost
  longestParameter: () => number
} {
  let longest = 0
  const cost: Cost = { roundTrips: 0, rowsRead: 0, rowsWritten: 0 }
  const add = (result: D1Result) => {
    cost.rowsRead += result.meta.rows_read
    cost.rowsWritten += result.meta.rows_written
  }
  const statement = (inner: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(inner, {
      get(target, name) {
        if (name === 'bind') {
          return (...values: unknown[]) => {
            for (const value of values) longest = Math.max(longest, byteLength(value))
            return statement(target.bind(...values))
          }
        }
        if (name === 'real') return target
        if (name === 'all' || name === 'run') {
          return async () => {
            cost.roundTrips += 1
            const result = await target.all()
            add(result)
            return result
          }
        }
        // Drizzle reads by `raw`, which tells no cost.
        if (name === 'raw')
          return async () => {
            cost.roundTrips += 1
            const result = await target.all()
            add(result)
            return result.results.map((row) => Object.values(row))
          }
        return Reflect.get(target, name)
      },
    })
  const db = new Proxy(real, {
    get(target, name) {
      if (name === 'prepare') return (sql: string) => statement(target.prepare(sql))
      if (name === 'batch') {
        return async (statements: D1PreparedStatement[]) => {
          cost.roundTrips += 1
          const results = await target.batch(statements.map((one) => Reflect.get(one, 'real')))
          results.forEach(add)
          return results
        }
      }
      return Reflect.get(target, name)
    },
  })
  return { db, cost, longestParameter: () => longest }
}

function byteLength(value: unknown): number {
  return typeof value === 'string' ? new TextEncoder().encode(value).byteLength : 0
}
