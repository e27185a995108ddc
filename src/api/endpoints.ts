/** @module /api/v1/endpoints: subscribers' URLs. */
import * as v from 'valibot'
import {
  AS_NEW,
  deleteEndpoint,
  ENDPOINT_SORTS,
  type Endpoint,
  insertEndpoint,
  listEndpoints,
  updateEndpoint,
} from '../db/endpoints.ts'
import { newId } from '../db/id.ts'
import { encryptSecret } from '../secrets.ts'
import { type Format, isChat } from '../webhooks/formats.ts'
import { newSecret } from '../webhooks/signature.ts'
import { tolerating, wakeDeliveries } from '../workers/messages.ts'
import { auditOf } from './audit-entry.ts'
import { isShut, verifyInBackground } from './endpoint-actions.ts'
import {
  changedSettings,
  merged,
  newSettings,
  OwnSecret,
  settingsProblem,
  storedSettings,
} from './endpoint-fields.ts'
import { endpointFields, exampleEndpoint, ShownEndpoint, showEndpoint } from './endpoint-view.ts'
import { idParams, list, listQuery, Owner } from './fields.ts'
import { completed, FilterInput } from './filter-fields.ts'
import { answerList, listQueryOf, ownerOf } from './lists.ts'
import { created, isOperator, noContent, ok, operation, userOf } from './operation.ts'
import { full, invalidParams, Problem, shutOut } from './problem.ts'
import { reachable } from './reachable-endpoint.ts'
import type { Caller } from './request/caller.ts'
import {
  changedMeanwhile,
  changesAnything,
  checkIfMatch,
  notRemoved,
  revisionFor,
} from './request/conditional.ts'
import { invalid, withHints } from './request/validate.ts'
import { requireTarget, targetUrl } from './urls.ts'

const Verified = v.pipe(
  v.literal(true, 'must be true'),
  v.description('That its target wants this, by the word of an administrator: it is not asked.'),
)

const Subscribe = v.pipe(
  v.boolean('must be true or false'),
  v.description('False: it is subscribed to nothing until `addSubscription`, and so is sent nothing.'),
)

const STATE = 'it follows from the rest; `paused` says whether it is sent to'
const newBody = (allowLocal: boolean) =>
  withHints(
    v.strictObject({
      url: targetUrl(allowLocal),
      ...newSettings,
      filter: v.optional(FilterInput),
      subscribe: v.optional(Subscribe, true),
      secret: v.optional(OwnSecret),
      verified: v.optional(Verified),
    }),
    { ...hintsFor(['events', 'types', 'subscriptions'], '`filter` says which events'), state: STATE },
  )
const changes = (allowLocal: boolean) =>
  withHints(
    v.strictObject({
      ...changedSettings(allowLocal),
      paused: v.optional(v.boolean('must be true or false')),
      verified: v.optional(Verified),
    }),
    {
      ...hintsFor(
        ['filter', 'subscribe', 'events', 'types', 'subscriptions'],
        'which events it is sent its subscriptions say: /api/v1/subscriptions?endpoint=…',
      ),
      secret: 'another one is set by POST /api/v1/endpoints/…/rotate-secret',
      state: `${STATE}, and POST /api/v1/endpoints/…/resume begins a disabled one anew`,
    },
  )

function hintsFor(names: readonly string[], hint: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, hint]))
}

/** How many somebody may have: each is sent each event. */
const MOST_ENDPOINTS = { User: 100, Moderator: 1_000, Administrator: 100_000 } as const

const one = { description: 'The endpoint.', schema: ShownEndpoint, example: exampleEndpoint }

export const endpointOperations = [
  operation({
    id: 'getEndpoints',
    method: 'GET',
    path: '/api/v1/endpoints',
    tag: 'Endpoints',
    summary: 'List endpoints',
    query: v.strictObject({ ...listQuery(ENDPOINT_SORTS), owner: Owner }),
    answers: {
      200: {
        description: 'A page of endpoints.',
        schema: list(ShownEndpoint),
        example: { total: 1, data: [exampleEndpoint] },
      },
    },
    async handle(input) {
      const { query, deps, reach } = input
      const { id } = userOf(input)
      const owner = ownerOf(query.owner, id, reach)
      return answerList(
        () => listEndpoints(deps.env.DB, owner, id, listQueryOf(query)),
        (endpoint) => showEndpoint(endpoint, id),
      )
    },
  }),
  operation({
    id: 'addEndpoint',
    method: 'POST',
    path: '/api/v1/endpoints',
    tag: 'Endpoints',
    summary: 'Make an endpoint',
    description:
      'It is subscribed to all events, or to those that fit the filter (see `addSubscription`); with `"subscribe": false` to nothing yet. Its signing secret is in this answer, and never shown again. Its target is asked at once whether it wants this (see `verifyEndpoint`); until it says so, what the endpoint is owed waits. The same URL may be added twice, and is then sent everything twice.',
    body: newBody(false),
    localBody: newBody(true),
    combine: ({ body: { filter, subscribe } }) =>
      filter !== undefined && !subscribe
        ? invalid('body', 'filter', 'must not be combined with "subscribe": false')
        : null,
    example: { url: 'https://receiver.example/hook', description: 'The team’s chat' },
    problems: ['too_many', 'owner_shut_out', 'insufficient_rights'],
    answers: {
      201: {
        description: 'The endpoint, with its secret.',
        schema: v.strictObject({
          ...endpointFields,
          secret: v.pipe(v.string(), v.description('What webhooks are signed with, for Standard Webhooks.')),
        }),
        headers: { Location: 'Its path.' },
        example: {
          ...exampleEndpoint,
          state: 'pending',
          verifiedAt: null,
          secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        },
      },
    },
    async handle(input) {
      const { body, deps } = input
      await requireTarget(input, 'url', new URL(body.url))
      const filter = body.subscribe ? completed(body.filter ?? {}) : null
      const id = newId('ep')
      const secret = body.secret ?? newSecret()
      const { id: owner, role } = userOf(input)
      if (body.verified) requireAdministrator(input)
      const most = MOST_ENDPOINTS[role]
      const ring = deps.config.encryptionKeys
      const stored = { ...BY_DEFAULT, ...(await storedSettings(body, id, ring)), url: new URL(body.url).href }
      refuseTogether(stored)
      const now = deps.clock()
      const endpoint = await insertEndpoint(
        deps.env.DB,
        {
          id,
          ownerId: owner,
          description: body.description,
          secret: await encryptSecret(ring, secret, id),
          createdAt: now,
          verifiedAt: body.verified ? now : null,
          ...stored,
        },
        auditOf(input, id),
        { most, evenShutOut: isOperator(input) },
        filter,
      )
      if (endpoint === 'full') throw full('endpoints', most)
      if (endpoint === 'owner-shut-out') throw shutOut(owner)
      if (endpoint.verifiedAt === null) input.inBackground(verifyInBackground(deps, endpoint, input.origin))
      return created(`/api/v1/endpoints/${id}`, { ...showEndpoint(endpoint, owner), secret })
    },
  }),
  operation({
    id: 'getEndpoint',
    method: 'GET',
    path: '/api/v1/endpoints/:id',
    tag: 'Endpoints',
    summary: 'One endpoint',
    params: idParams('ep', 'an endpoint'),
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      return ok(showEndpoint(await reachable(input), userOf(input).id))
    },
  }),
  operation({
    id: 'patchEndpoint',
    method: 'PATCH',
    path: '/api/v1/endpoints/:id',
    tag: 'Endpoints',
    summary: 'Change, pause or resume an endpoint',
    description:
      'While it is paused nothing is sent; what it is owed waits, and goes out when it is resumed. Of somebody else’s endpoint a moderator or administrator changes `paused` only, and an administrator `verified`. Another URL is asked whether it wants this, as that of a new endpoint, and so is one whose format becomes, or is no longer, that of a chat, or is changed before the target has said so.',
    params: idParams('ep', 'an endpoint'),
    bodyType: 'merge-patch',
    body: changes(false),
    localBody: changes(true),
    example: { paused: true },
    answers: { 200: one },
    problems: [404, 409, 412, 'insufficient_rights', 'paused_by_moderator', 'owner_shut_out'],
    async handle(input) {
      const { body, deps, request } = input
      const userId = userOf(input).id
      const endpoint = await reachable(input)
      await checkIfMatch(request, showEndpoint(endpoint, userId))
      const isOwn = endpoint.ownerId === userId
      const { paused, verified, ...settings } = body
      if (!isOwn && Object.values(settings).some((value) => value !== undefined))
        throw new Problem(
          'insufficient_rights',
          'Of somebody else’s endpoint you may change "paused" only, and as an administrator "verified"',
        )
      if (verified) requireAdministrator(input)
      if (body.url !== undefined) await requireTarget(input, 'url', new URL(body.url))
      const now = deps.clock()
      const ring = deps.config.encryptionKeys
      const stored = await storedSettings(await merged(settings, endpoint, ring), endpoint.id, ring)
      const isMoved = stored.url !== undefined && stored.url !== endpoint.url
      // A greeting is answered 2xx by pages of all sorts: that is no word for what programs read. Nor does ntfy lead where it says.
      // One that has not answered yet may be about to, and to what it is no longer asked.
      const isAskedOtherwise =
        stored.format !== undefined &&
        stored.format !== endpoint.format &&
        (endpoint.verifiedAt === null || isChat(endpoint.format as Format) || isChat(stored.format as Format))
      const isOpenAgain = isMoved || isAskedOtherwise
      const pause = pauseOf(endpoint, paused, { isOwn, mayResumeAll: input.reach === 'all', now })
      const mayBeAsked = !isShut(pause, input.reach)
      const changed = {
        ...stored,
        ...pause,
        // Who wants to be sent to at one URL has said nothing of another.
        ...(isMoved ? AS_NEW : {}),
        ...(isOpenAgain ? { verifiedAt: null, verificationError: mayBeAsked ? null : NOT_ASKED } : {}),
        ...(verified && (isOpenAgain || endpoint.verifiedAt === null)
          ? { verifiedAt: now, verificationError: null }
          : {}),
      }
      refuseTogether({ ...endpoint, ...changed })
      if (!changesAnything(endpoint, changed)) return ok(showEndpoint(endpoint, userId))
      const audit = auditOf(input, endpoint.id)
      // The operator's own: somebody else who is shut out is to be let in first.
      const terms = { evenShutOut: isOwn && isOperator(input) }
      const outcome = await updateEndpoint(deps.env.DB, endpoint, changed, now, audit, terms)
      if (outcome === 'conflict') throw changedMeanwhile(request)
      if (outcome === 'owner-shut-out') throw shutOut(endpoint.ownerId)
      const after = { ...endpoint, ...changed, updatedAt: now, revision: endpoint.revision + 1 }
      if (after.verifiedAt === null && isOpenAgain && mayBeAsked)
        input.inBackground(verifyInBackground(deps, after, input.origin))
      // What waited is owed still: without this the next tick sends it.
      const waited = endpoint.pausedAt !== null || endpoint.verifiedAt === null
      if (waited && after.pausedAt === null && after.verifiedAt !== null)
        await tolerating(deps.log, 'deliveries', wakeDeliveries(deps.env.DELIVERY_QUEUE, [endpoint.id]))
      return ok(showEndpoint(after, userId))
    },
  }),
  operation({
    id: 'delEndpoint',
    method: 'DELETE',
    path: '/api/v1/endpoints/:id',
    tag: 'Endpoints',
    summary: 'Remove an endpoint',
    description: 'With all that it is still owed.',
    params: idParams('ep', 'an endpoint'),
    answers: { 204: { description: 'It is gone.' } },
    problems: [404, 412],
    async handle(input) {
      const endpoint = await reachable(input)
      await checkIfMatch(input.request, showEndpoint(endpoint, userOf(input).id))
      const { id } = endpoint
      const revision = revisionFor(input.request, endpoint)
      if (!(await deleteEndpoint(input.deps.env.DB, id, revision, auditOf(input, id))))
        throw notRemoved(input.request, `endpoint ${id}`)
      return noContent
    },
  }),
]

/** What is said of a target that is to be asked, and may not be. */
const NOT_ASKED = 'a moderator paused this endpoint: ask again when it is resumed'

/** What matters together, of an endpoint of which nothing else is said. */
const BY_DEFAULT = { format: 'standard', batchSize: null, ordering: 'none' } as const

/** @throws Problem 400 when what is right alone is wrong together. */
function refuseTogether(endpoint: Parameters<typeof settingsProblem>[0]): void {
  const problem = settingsProblem(endpoint)
  if (problem) throw invalidParams(problem)
}

/** @throws Problem 403 when the caller is none. */
function requireAdministrator(input: { caller: Caller }): void {
  if (userOf(input).role !== 'Administrator')
    throw new Problem('insufficient_rights', 'Only an administrator may say that a target is verified')
}

/** @throws Problem 409 when it is not for this caller to resume. */
function pauseOf(
  { pausedAt, pausedBy }: Endpoint,
  paused: boolean | undefined,
  { isOwn, mayResumeAll, now }: { isOwn: boolean; mayResumeAll: boolean; now: number },
): Pick<Endpoint, 'pausedAt' | 'pausedBy'> {
  const asBefore = { pausedAt, pausedBy }
  if (paused === undefined) return asBefore
  if (paused) {
    if (pausedAt !== null && (isOwn || pausedBy === 'moderator')) return asBefore
    return { pausedAt: pausedAt ?? now, pausedBy: isOwn ? 'owner' : 'moderator' }
  }
  if (pausedAt !== null && pausedBy !== 'owner' && !mayResumeAll)
    throw new Problem('paused_by_moderator', 'A moderator paused this endpoint: ask one to resume it')
  return { pausedAt: null, pausedBy: null }
}
