/** @module /api/v1/endpoints/:id/…: what is done with an endpoint, besides reading and changing it. */
import * as v from 'valibot'
import { lineUpStatement, skipStatement } from '../db/deliveries.ts'
import {
  AS_NEW,
  type Endpoint,
  type EndpointChanges,
  noteVerification,
  updateEndpoint,
} from '../db/endpoints.ts'
import { cancelReplaysStatement } from '../db/replays.ts'
import { EVENT_TYPES } from '../events/types.ts'
import { decryptSecret, encryptSecret, type KeyRing } from '../secrets.ts'
import { readSecretSet, rotate, type SecretSet, writeSecretSet } from '../webhooks/secret-set.ts'
import { newSecret } from '../webhooks/signature.ts'
import { type Busy, sendTest, verifyTarget } from '../workers/ask-endpoint.ts'
import type { Deps } from '../workers/deps.ts'
import { tolerating, wakeDeliveries } from '../workers/messages.ts'
import { auditOf } from './audit-entry.ts'
import { OwnSecret } from './endpoint-fields.ts'
import { exampleEndpoint, ShownEndpoint, showEndpoint } from './endpoint-view.ts'
import { idParams, TimeInput } from './fields.ts'
import { isOperator, ok, operation, userOf } from './operation.ts'
import { Problem, shutOut } from './problem.ts'
import { reachable } from './reachable-endpoint.ts'
import { changedMeanwhile, checkIfMatch } from './request/conditional.ts'
import type { Reach } from './rights.ts'
import { time } from './time.ts'

const params = idParams('ep', 'an endpoint')
const one = { description: 'The endpoint.', schema: ShownEndpoint, example: exampleEndpoint }

/** A week, in seconds. */
const LONGEST_OVERLAP = 604_800
const DAY_SECONDS = 86_400

export const endpointActionOperations = [
  operation({
    id: 'verifyEndpoint',
    method: 'POST',
    path: '/api/v1/endpoints/:id/verify',
    tag: 'Endpoints',
    summary: 'Ask the target of an endpoint whether it wants this',
    description:
      'Done by itself when an endpoint is made, or its URL is changed; here again. The answer shows what came of it: `verifiedAt`, or `verificationError`.',
    params,
    answers: { 200: one },
    problems: [404, 'paused_by_moderator', 503],
    async handle(input) {
      const endpoint = await reachable(input)
      if (endpoint.verifiedAt !== null) return ok(showEndpoint(endpoint, userOf(input).id))
      if (isShut(endpoint, input.reach))
        throw new Problem(
          'paused_by_moderator',
          'A moderator paused this endpoint: it is asked nothing either',
        )
      const outcome = await verify(input.deps, endpoint, input.origin)
      if (outcome !== null) throw busy(outcome)
      return ok(showEndpoint(await reachable(input), userOf(input).id))
    },
  }),
  operation({
    id: 'resumeEndpoint',
    method: 'POST',
    path: '/api/v1/endpoints/:id/resume',
    tag: 'Endpoints',
    summary: 'Send to an endpoint again',
    description:
      'One that was paused, disabled or broken: it begins anew. `backlog` says what becomes of what waited, which is kept for 14 days: `all` of it goes out, in order; what happened from a time on; or `none`. What does not is `skipped`, and a replay that was asked for before is cancelled. One that is not verified yet stays `pending`: `verify` asks its target.',
    params,
    isBodyOptional: true,
    body: v.strictObject({
      backlog: v.optional(
        v.union(
          [v.picklist(['all', 'none']), TimeInput],
          'must be "all", "none", or a time such as 2026-11-25T10:00:00Z',
        ),
        'all',
      ),
    }),
    example: { backlog: 'all' },
    answers: { 200: one },
    problems: [404, 409, 412, 'insufficient_rights', 'paused_by_moderator', 'owner_shut_out'],
    async handle(input) {
      const { body, deps, request } = input
      const userId = userOf(input).id
      const endpoint = await reachable(input)
      await checkIfMatch(request, showEndpoint(endpoint, userId))
      if (isShut(endpoint, input.reach))
        throw new Problem('paused_by_moderator', 'A moderator paused this endpoint: ask one to resume it')
      const isOwn = endpoint.ownerId === userId
      const { id } = endpoint
      const { backlog } = body
      if (!isOwn && backlog !== 'all')
        throw new Problem('insufficient_rights', 'Only its owner may say that what waited is not sent')
      const before =
        typeof backlog === 'number' ? backlog : backlog === 'none' ? Number.MAX_SAFE_INTEGER : null
      const now = deps.clock()
      const { DB } = deps.env
      const changed = { ...AS_NEW, pausedAt: null, pausedBy: null }
      const terms = { evenShutOut: isOwn && isOperator(input) }
      const outcome = await updateEndpoint(
        DB,
        endpoint,
        changed,
        now,
        auditOf(input, id),
        terms,
        (resumed) => [
          // A replay that has not asked for all yet would go on with the rest.
          ...(before === null
            ? []
            : [skipStatement(DB, resumed, before, now), cancelReplaysStatement(DB, resumed, before, now)]),
          // It is said to be well again: what had failed goes out with the rest, and in order.
          lineUpStatement(DB, resumed),
        ],
      )
      if (outcome === 'conflict') throw changedMeanwhile(request)
      if (outcome === 'owner-shut-out') throw shutOut(endpoint.ownerId)
      await tolerating(deps.log, 'deliveries', wakeDeliveries(deps.env.DELIVERY_QUEUE, [id]))
      return ok(showEndpoint({ ...endpoint, ...changed, updatedAt: now }, userId))
    },
  }),
  operation({
    id: 'rotateEndpointSecret',
    method: 'POST',
    path: '/api/v1/endpoints/:id/rotate-secret',
    tag: 'Endpoints',
    summary: 'Give an endpoint a new signing secret',
    description:
      'For a while webhooks are signed with the one before, too: both signatures are in the header, and a receiver takes either.',
    params,
    isBodyOptional: true,
    body: v.strictObject({
      secret: v.optional(OwnSecret),
      overlapSeconds: v.optional(
        v.pipe(
          v.number('must be a number'),
          v.integer('must be a whole number'),
          v.minValue(0, 'must be at least 0'),
          v.maxValue(LONGEST_OVERLAP, `must be at most ${LONGEST_OVERLAP}`),
          v.description('How long the one before is good, too. 0: no longer, for one that was stolen.'),
        ),
        DAY_SECONDS,
      ),
    }),
    example: { overlapSeconds: DAY_SECONDS },
    answers: {
      200: {
        description: 'The new secret, shown this once.',
        schema: v.strictObject({
          secret: v.string(),
          previousUntil: v.pipe(
            v.string(),
            v.isoTimestamp(),
            v.description('How long the one before is good.'),
          ),
        }),
        example: {
          secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
          previousUntil: '2026-11-26T10:00:00.000Z',
        },
      },
    },
    problems: [404, 409, 412],
    async handle(input) {
      const { body, deps, request } = input
      const endpoint = await reachable(input, 'own')
      await checkIfMatch(request, showEndpoint(endpoint, userOf(input).id))
      const { id } = endpoint
      const ring = deps.config.encryptionKeys
      const now = deps.clock()
      const { secret: own, overlapSeconds } = body
      const secret = own ?? newSecret()
      const before = await readable(ring, endpoint)
      const overlapMs = before === null ? 0 : overlapSeconds * 1_000
      const set = rotate(before ?? { current: secret, previous: [] }, secret, overlapMs, now)
      const changed: EndpointChanges = { secret: await encryptSecret(ring, writeSecretSet(set), id) }
      const outcome = await updateEndpoint(deps.env.DB, endpoint, changed, now, auditOf(input, id), {
        evenShutOut: true,
      })
      if (outcome !== 'changed') throw changedMeanwhile(request)
      return ok({ secret, previousUntil: time(now + overlapMs) })
    },
  }),
  operation({
    id: 'testEndpoint',
    method: 'POST',
    path: '/api/v1/endpoints/:id/test',
    tag: 'Endpoints',
    summary: 'Send an endpoint the example of an event',
    description:
      'In its format, signed, to where it leads, now. The id of the event begins with `evt_test_`. It is no delivery: it is not tried again, and the log does not have it.',
    params,
    isBodyOptional: true,
    body: v.strictObject({
      type: v.optional(
        v.picklist(EVENT_TYPES, `must be one of ${EVENT_TYPES.join(', ')}`),
        'video.published',
      ),
    }),
    example: { type: 'video.published' },
    answers: {
      200: {
        description: 'What came of it.',
        schema: v.strictObject({
          delivered: v.boolean(),
          status: v.nullable(v.pipe(v.number(), v.integer())),
          error: v.nullable(v.string()),
          durationMs: v.number(),
          response: v.nullable(v.pipe(v.string(), v.description('The first KB of what it answered.'))),
        }),
        example: { delivered: true, status: 204, error: null, durationMs: 31, response: null },
      },
    },
    problems: [404, 'not_verified', 'paused_by_moderator', 503],
    async handle(input) {
      const endpoint = await reachable(input, 'own')
      if (endpoint.verifiedAt === null)
        throw new Problem('not_verified', 'Its target has not said yet that it wants this: verify it first')
      if (endpoint.pausedAt !== null && endpoint.pausedBy !== 'owner')
        throw new Problem(
          'paused_by_moderator',
          'A moderator paused this endpoint: it is sent no test either',
        )
      const { type } = input.body
      const attempt = await sendTest(input.deps, endpoint, type)
      if ('kind' in attempt) throw busy(attempt)
      const { status, error, durationMs, response } = attempt
      return ok({ delivered: error === null, status, error, durationMs, response })
    },
  }),
]

/** The secrets of an endpoint; null when they can't be read any more: then a new one is the way out. */
async function readable(ring: KeyRing, { id, secret }: Endpoint): Promise<SecretSet | null> {
  try {
    return readSecretSet(await decryptSecret(ring, secret, id))
  } catch {
    return null
  }
}

/** Whether somebody else paused it who must be asked first: nothing is sent to it until then, not even a question. */
export function isShut(
  { pausedAt, pausedBy }: Pick<Endpoint, 'pausedAt' | 'pausedBy'>,
  reach: Reach,
): boolean {
  return pausedAt !== null && pausedBy !== 'owner' && reach !== 'all'
}

const BUSY = {
  held: 'The endpoint asked to be sent nothing for a while (`heldUntil`)',
  sending: 'The endpoint is being sent to, one run after another',
  limit: 'The limit of the endpoint lets nothing more through now',
} as const

function busy({ why, waitMs }: Busy): Problem {
  return new Problem(503, `${BUSY[why]}: ask again later`, {
    headers: { 'retry-after': String(Math.ceil(waitMs / 1_000)) },
  })
}

/** Asks a target when nobody waits for the answer: that it could not be asked is noted, too. */
export async function verifyInBackground(deps: Deps, endpoint: Endpoint, origin: string): Promise<void> {
  const note = (problem: string) => noteVerification(deps.env.DB, endpoint, { problem }, deps.clock())
  try {
    if ((await verify(deps, endpoint, origin)) !== null)
      await note('it was being sent to all the time: ask again')
  } catch (error) {
    await note('it could not be asked: ask again')
    throw error
  }
}

/**
 * Asks a target, and notes what came of it. What waited goes out then.
 * @returns null when it was asked.
 */
export async function verify(deps: Deps, endpoint: Endpoint, origin: string): Promise<Busy | null> {
  const outcome = await verifyTarget(deps, endpoint, origin)
  if ('kind' in outcome) return outcome
  const now = deps.clock()
  const about = { log: 'endpoint', endpoint: endpoint.id, url: new URL(endpoint.url).origin } as const
  if ('problem' in outcome) {
    deps.log({ ...about, state: 'unverified', detail: outcome.problem })
    await noteVerification(deps.env.DB, endpoint, outcome, now)
    return null
  }
  deps.log({ ...about, state: 'verified' })
  const isNoted = await noteVerification(deps.env.DB, endpoint, { verifiedAt: now, ...outcome }, now)
  if (isNoted)
    await tolerating(deps.log, 'deliveries', wakeDeliveries(deps.env.DELIVERY_QUEUE, [endpoint.id]))
  return null
}
