/** @module Random scripts of what happens on an instance, read at random times: what is told must be what happened. */
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { runModel } from './run.ts'

const seeds = (env.MODEL_SEEDS || '0,5,10,3').split(',').map(Number)
const actions = Number(env.MODEL_ACTIONS || 1000)

describe('Of all that happens on an instance nothing is missed, and nothing invented', () => {
  it.each(seeds)('with seed %i', { timeout: 120_000 }, async (seed) => {
    const run = await runModel(seed, actions)
    console.log(run.report)
    expect(run.findings).toEqual([])
  })
})
