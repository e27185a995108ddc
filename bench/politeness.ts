/** @module Polls at full speed against an instance's own limiter: how many it refuses. */
import { startInstance } from '../test/simulator/instance.ts'
import type { Figure } from './figures.ts'
import { Turned } from './turned.ts'

const POLLS = 1_000
/** Every so many polls something is published and written, which takes more requests, of another limit too. */
const NEWS_EVERY = 10

/** As if no answer were kept by the instance, so that counters and feeds are asked each time, too. */
const ALL_DUE = `UPDATE sources SET due_at = 0, checkpoint = iif(kind = 'comments',
  json_set(checkpoint, '$.countersAt', 0, '$.countersFreshAt', 0, '$.feedAt', 0, '$.feeds', json('[]')), checkpoint)`

/** The figures of politeness. */
export async function politenessFigures(): Promise<Figure[]> {
  const turned = await Turned.start()
  try {
    const { db } = turned.measured
    const instance = await startInstance({ videos: 30, caches: false })
    const id = await turned.watch(instance, '6.3.0')
    const startedAt = turned.now()
    let waits = 0
    for (let polls = 0; polls < POLLS; ) {
      if (polls % NEWS_EVERY === 0) {
        const { uuid } = instance.publish()
        instance.comment(uuid, 'New')
      }
      const { log } = await turned.poll(id)
      const isWaiting = log.some((entry) => entry.log === 'poll' && entry.outcome === 'waiting')
      if (isWaiting) {
        waits += 1
        // No longer than it was told.
        const dueAt = await db
          .prepare("SELECT max(due_at) AS at FROM sources WHERE due_reason = 'rest'")
          .first<number>('at')
        turned.turn((dueAt ?? 0) - turned.now())
      } else {
        polls += 1
        await db.prepare(ALL_DUE).run()
      }
    }
    const { requests, tooMany } = instance.stats()
    if (waits === 0) throw new Error('there was nothing to wait for: this was not full speed')
    return [
      {
        name: 'politeness.429',
        value: tooMany,
        unit: `of ${requests} requests`,
        target: '= 0',
        pass: tooMany === 0,
      },
      {
        name: 'politeness.requests_per_10_s',
        value: requests / ((turned.now() - startedAt) / 10_000),
        unit: 'requests',
        target: null,
        pass: true,
        // PeerTube's own limit, of the bucket of the API alone.
        baseline: 50,
      },
    ]
  } finally {
    await turned.stop()
  }
}
