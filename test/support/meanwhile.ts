/** @module What happens between two statements of a request: races, made certain. */
import { env } from 'cloudflare:workers'

/**
 * A database that does something else right before it runs a statement of a batch, once.
 * @param statement a part of its text.
 */
export function before(statement: string, act: () => Promise<unknown>): D1Database {
  const doIt = once(act)
  return watched(statement, async (run) => {
    await doIt()
    return run()
  })
}

/** The same, right after it. */
export function after(statement: string, act: () => Promise<unknown>): D1Database {
  const doIt = once(act)
  return watched(statement, async (run) => {
    const results = await run()
    await doIt()
    return results
  })
}

function once(act: () => Promise<unknown>): () => Promise<void> {
  let isDone = false
  return async () => {
    if (isDone) return
    isDone = true
    await act()
  }
}

/** A database of which batches with such a statement are run by something else. */
function watched(
  statement: string,
  instead: (run: () => Promise<D1Result[]>) => Promise<D1Result[]>,
): D1Database {
  const marked = new WeakSet<object>()
  const mark = (prepared: D1PreparedStatement): D1PreparedStatement => {
    marked.add(prepared)
    const bind = prepared.bind.bind(prepared)
    prepared.bind = (...values) => mark(bind(...values))
    return prepared
  }
  return new Proxy(env.DB, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name === 'prepare')
        return (sql: string) => (sql.includes(statement) ? mark(target.prepare(sql)) : target.prepare(sql))
      if (name === 'batch')
        return async (statements: D1PreparedStatement[]) => {
          const run = () => target.batch(statements)
          return statements.some((one) => marked.has(one)) ? instead(run) : run()
        }
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
