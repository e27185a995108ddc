/** @module What happens between two statements of a request: races, made certain. */
import { env } from 'cloudflare:workers'

/**
 * A database that does something else right before it runs a statement, once.
 * @param statement a part of its text.
 */
export function before(statement: string, act: () => Promise<unknown>): D1Database {
  const marked = new WeakSet<object>()
  let isDone = false
  const doIt = async () => {
    if (isDone) return
    isDone = true
    await act()
  }
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
          if (statements.some((one) => marked.has(one))) await doIt()
          return target.batch(statements)
        }
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
