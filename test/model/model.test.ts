/** @module Random scripts of what happens on an instance, read at random times: what is told must be what happened. */
import { env } from 'cloudflare:workers'
import { describe, expect, it, type TaskMeta } from 'vitest'
import { type Run, runFreely, runStrictly } from './run.ts'

/** One of each version; nobody, a moderator, an account. The bench has more, and longer ones: bench/model.ts. */
const seeds = (env.MODEL_SEEDS || '4,9,2,7').split(',').map(Number)
const actions = Number(env.MODEL_ACTIONS || 60)

declare module 'vitest' {
  interface TaskMeta {
    missed?: number
    invented?: number
  }
}

/** Whoever runs the tests reads how many there were; whoever sees them fail, of what, and all that was done and told of it. */
function settle({ findings, report }: Run, meta: TaskMeta): void {
  meta.missed = findings.filter(({ kind }) => kind === 'missed').length
  meta.invented = findings.filter(({ kind }) => kind === 'invented').length
  expect(findings.length, report).toBe(0)
}

describe('Of all that happens on an instance nothing is missed, and nothing invented', {
  timeout: 600_000,
}, () => {
  it.for(seeds)('with seed %i, whatever happens between two looks', async (seed, { task }) => {
    settle(await runFreely(seed, actions), task.meta)
  })

  it.for(seeds)('with seed %i, each thing seen before the next', async (seed, { task }) => {
    settle(await runStrictly(seed, Math.ceil(actions / 10)), task.meta)
  })
})
