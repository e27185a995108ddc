/** @module /api/v1/instances/{id}/limits: how much of what an instance allows is asked of it. */
import * as v from 'valibot'
import { findInstance } from '../db/instances.ts'
import { BUCKETS } from '../peertube/client.ts'
import { type BucketLook, lookAtInstance } from '../workers/instance-access.ts'
import { describeError } from '../workers/log.ts'
import { idParams, Time } from './fields.ts'
import { ok, operation } from './operation.ts'
import { notFound, Problem } from './problem.ts'
import { time } from './time.ts'

const RETRY_SECONDS = 5

const count = (description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description))

const ShownBucket = v.strictObject({
  bucket: v.pipe(
    v.picklist(BUCKETS),
    v.description('What an instance counts by itself: its API, logins, its feeds, and ActivityPub.'),
  ),
  published: count('The limit of the instance, as it has said, or else as PeerTube documents it.'),
  ours: count('How many requests of a window we make at most now: half of it, and less after each 429.'),
  windowSeconds: count('How long a window is.'),
  atOnce: count('How many of `ours` may come at once: when as many are `used`, the next one waits.'),
  used: count('How many were made, and have not come back yet as time went by.'),
  heldUntil: v.nullable(v.pipe(Time, v.description('Nothing is asked until then; null: it may be.'))),
  refusals: v.pipe(
    v.strictObject({ count: count('How many.'), lastAt: v.nullable(Time) }),
    v.description('429s that we were answered. There should be none.'),
  ),
})

const exampleBucket = {
  bucket: 'api',
  published: 50,
  ours: 25,
  windowSeconds: 10,
  atOnce: 13,
  used: 2,
  heldUntil: null,
  refusals: { count: 0, lastAt: null },
} as const

export const instanceLimitOperations = [
  operation({
    id: 'getInstanceLimits',
    method: 'GET',
    path: '/api/v1/instances/:id/limits',
    tag: 'Instances',
    summary: 'How much of what an instance allows is asked of it',
    description: 'At this moment, by each of its limits: also by those of which nothing was ever asked.',
    params: idParams('ins', 'an instance'),
    answers: {
      200: {
        description: 'Its limits.',
        schema: v.strictObject({ data: v.array(ShownBucket) }),
        example: { data: [exampleBucket] },
      },
    },
    problems: [404, 503],
    async handle({ deps, params, requestId }) {
      const instance = await findInstance(deps.env.DB, params.id)
      if (!instance) throw notFound(`instance ${params.id}`)
      try {
        // Where it is by now: that is who counts.
        const { host } = new URL(instance.origin)
        const looks = await lookAtInstance(deps.env.RATE_LIMITER, host, deps.clock())
        return ok({ data: looks.map(showBucket) })
      } catch (error) {
        const where = 'looking at the limits of an instance'
        deps.log({ log: 'error', where, error: describeError(error), id: requestId })
        throw new Problem(503, `What is asked of ${instance.host} can’t be looked up now: try again`, {
          headers: { 'retry-after': String(RETRY_SECONDS) },
        })
      }
    },
  }),
]

function showBucket({ bucket, published, ours, windowMs, atOnce, used, heldUntil, refusals }: BucketLook) {
  return {
    bucket,
    published,
    ours,
    windowSeconds: windowMs / 1000,
    atOnce,
    used,
    heldUntil: time(heldUntil),
    refusals: { count: refusals.count, lastAt: time(refusals.lastAt) },
  }
}
