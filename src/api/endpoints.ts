/** @module /api/v1/endpoints: subscribers' URLs. */
import * as v from 'valibot'
import {
  deleteEndpoint,
  ENDPOINT_SORTS,
  type Endpoint,
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  updateEndpoint,
} from '../db/endpoints.ts'
import { newId } from '../db/id.ts'
import { encryptSecret } from '../secrets.ts'
import { newSecret } from '../webhooks/signature.ts'
import { tolerating, wakeDeliveries } from '../workers/messages.ts'
import { auditOf } from './audit-entry.ts'
import { endpointFields, exampleEndpoint, ShownEndpoint, showEndpoint } from './endpoint-view.ts'
import { idParams, list, listQuery, Owner, text } from './fields.ts'
import { completed, FilterInput } from './filter-fields.ts'
import { answerList, listQueryOf, ownerOf } from './lists.ts'
import { created, type Input, isOperator, noContent, ok, operation, userOf } from './operation.ts'
import { full, notFound, Problem, shutOut } from './problem.ts'
import {
  changedMeanwhile,
  changesAnything,
  checkIfMatch,
  notRemoved,
  revisionFor,
} from './request/conditional.ts'
import { requireTarget, targetUrl } from './urls.ts'

const Description = v.pipe(text(500), v.description('For people.'))

const newBody = (allowLocal: boolean) =>
  v.strictObject({
    url: targetUrl(allowLocal),
    description: v.optional(Description, ''),
    filter: v.optional(FilterInput, {}),
  })
const changes = (allowLocal: boolean) =>
  v.strictObject({
    url: v.optional(targetUrl(allowLocal)),
    // Null takes it away (RFC 7396, 2).
    description: v.optional(v.nullable(Description)),
    paused: v.optional(v.boolean('must be true or false')),
  })

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
      'It is subscribed to all events, or to those that fit the filter: see `addSubscription`. Its signing secret is in this answer, and never shown again. The same URL may be added twice, and is then sent everything twice.',
    body: newBody(false),
    localBody: newBody(true),
    example: { url: 'https://receiver.example/hook', description: 'The team’s chat' },
    problems: ['too_many', 'owner_shut_out'],
    answers: {
      201: {
        description: 'The endpoint, with its secret.',
        schema: v.strictObject({
          ...endpointFields,
          secret: v.pipe(v.string(), v.description('What webhooks are signed with, for Standard Webhooks.')),
        }),
        headers: { Location: 'Its path.' },
        example: { ...exampleEndpoint, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
      },
    },
    async handle(input) {
      const { body, deps } = input
      await requireTarget(input, 'url', new URL(body.url))
      const filter = completed(body.filter)
      const id = newId('ep')
      const secret = newSecret()
      const { id: owner, role } = userOf(input)
      const most = MOST_ENDPOINTS[role]
      const endpoint = await insertEndpoint(
        deps.env.DB,
        {
          id,
          ownerId: owner,
          url: new URL(body.url).href,
          description: body.description,
          secret: await encryptSecret(deps.config.encryptionKeys, secret, id),
          createdAt: deps.clock(),
        },
        auditOf(input, id),
        { most, evenShutOut: isOperator(input) },
        filter,
      )
      if (endpoint === 'full') throw full('endpoints', most)
      if (endpoint === 'owner-shut-out') throw shutOut(owner)
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
      'While it is paused nothing is sent; what it is owed waits, and goes out when it is resumed. Of somebody else’s endpoint a moderator or administrator changes `paused` only.',
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
      if (!isOwn && (body.url !== undefined || body.description !== undefined))
        throw new Problem('insufficient_rights', 'Of somebody else’s endpoint you may change "paused" only')
      if (body.url !== undefined) await requireTarget(input, 'url', new URL(body.url))
      const now = deps.clock()
      const changed = {
        url: body.url === undefined ? endpoint.url : new URL(body.url).href,
        description: body.description === undefined ? endpoint.description : (body.description ?? ''),
        ...pauseOf(endpoint, body.paused, { isOwn, mayResumeAll: input.reach === 'all', now }),
      }
      if (!changesAnything(endpoint, changed)) return ok(showEndpoint(endpoint, userId))
      const audit = auditOf(input, endpoint.id)
      // The operator's own: somebody else who is shut out is to be let in first.
      const terms = { evenShutOut: isOwn && isOperator(input) }
      const outcome = await updateEndpoint(deps.env.DB, endpoint, changed, now, audit, terms)
      if (outcome === 'conflict') throw changedMeanwhile(request)
      if (outcome === 'owner-shut-out') throw shutOut(endpoint.ownerId)
      // What waited is owed still: without this the next tick sends it.
      if (endpoint.pausedAt !== null && changed.pausedAt === null)
        await tolerating(deps.log, 'deliveries', wakeDeliveries(deps.env.DELIVERY_QUEUE, [endpoint.id]))
      return ok(showEndpoint({ ...endpoint, ...changed, updatedAt: now }, userId))
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

type OfOne = Input<{ id: string }, unknown, unknown>

/** The endpoint that was asked for. @throws Problem 404 when there is none, or it is somebody else's who is out of reach. */
async function reachable(input: OfOne): Promise<Endpoint> {
  const { id } = input.params
  const owner = input.reach === 'all' ? null : userOf(input).id
  const endpoint = await findEndpoint(input.deps.env.DB, id, owner)
  if (!endpoint) throw notFound(`endpoint ${id}`)
  return endpoint
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
