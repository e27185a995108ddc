/** @module Several that use one database, a statement at a time: whose turn it is, is chosen by the test. */

/**
 * A database each statement of which waits for its turn.
 * @param choose of so many that wait, which one goes on, from 0.
 */
export function takingTurns(real: D1Database, choose: (waiting: number) => number) {
  const waiting: (() => void)[] = []
  let changed: () => void = () => undefined
  const turn = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve)
      changed()
    })
  const statement = (inner: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(inner, {
      get(target, name) {
        if (name === 'bind') return (...values: unknown[]) => statement(target.bind(...values))
        if (name === 'real') return target
        if (name !== 'all' && name !== 'run' && name !== 'first') return Reflect.get(target, name)
        return async () => {
          await turn()
          return target[name]()
        }
      },
    })
  const db = new Proxy(real, {
    get(target, name) {
      if (name === 'prepare') return (sql: string) => statement(target.prepare(sql))
      if (name !== 'batch') return Reflect.get(target, name)
      return async (statements: D1PreparedStatement[]) => {
        await turn()
        return target.batch(statements.map((one) => Reflect.get(one, 'real')))
      }
    },
  })
  return {
    db,
    /** Runs these side by side. Each goes on only when all others wait, or are done. */
    async run(tasks: readonly (() => Promise<void>)[]): Promise<void> {
      let running = tasks.length
      const all = Promise.allSettled(
        tasks.map((task) =>
          task().finally(() => {
            running -= 1
            changed()
          }),
        ),
      )
      while (running > 0) {
        if (waiting.length === running) waiting.splice(choose(running), 1)[0]?.()
        else
          await new Promise<void>((resolve) => {
            changed = resolve
          })
      }
      for (const outcome of await all) if (outcome.status === 'rejected') throw outcome.reason
    },
  }
}
