/** @module /api/v1/subscriptions: which events endpoints are sent, and which they would be sent. */
import * as v from 'valibot'
import { findEndpoint } from '../db/endpoints.ts'
import { newestEvents } from '../db/events.ts'
import { newId } from '../db/id.ts'
import {
  deleteSubscription,
  findSubscription,
  insertSubscription,
  listSubscriptions,
  SUBSCRIPTION_SORTS,
  type Subscription,
  updateSubscription,
} from '../db/subscriptions.ts'
import { eventJson } from '../events/envelope.ts'
import { facetsOf } from '../events/facets.ts'
import { matches } from '../events/filter.ts'
import { auditOf } from './audit-entry.ts'
import { Event, exampleEvent } from './event-view.ts'
import { id, idParams, list, listQuery, Owner, Time } from './fields.ts'
import {
  completed,
  FilterChanges,
  FilterInput,
  IN_FILTER,
  mergedFilter,
  ShownFilter,
} from './filter-fields.ts'
import { answerList, listQueryOf, ownerOf } from './lists.ts'
import { created, type Input, isOperator, noContent, ok, operation, userOf } from './operation.ts'
import { notFound, Problem, shutOut } from './problem.ts'
import {
  changedMeanwhile,
  changesAnything,
  checkIfMatch,
  notRemoved,
  revisionFor,
} from './request/conditional.ts'
import { withHints } from './request/validate.ts'
import { time } from './time.ts'

/** How many an endpoint may have, by its owner's role: an event may read them all. */
const MOST_SUBSCRIPTIONS = { User: 20, Moderator: 100, Administrator: 1_000 } as const
/** How many of the newest events a preview looks at, and how many of those that match it shows. */
const PREVIEW = { scanned: 1_000, shown: 100 }

export const ShownSubscription = v.strictObject({
  id: v.string(),
  owner: v.pipe(v.string(), v.description('The id of the user whose it is.')),
  endpoint: v.pipe(v.string(), v.description('The id of the endpoint that is sent these events.')),
  filter: ShownFilter,
  createdAt: Time,
  updatedAt: Time,
})

const exampleFilter = { types: ['video.*'], channels: ['news@peertube.example'], nsfw: false }
const exampleSubscription = {
  id: 'sub_9f86d081884c7d659a2feaa0',
  owner: 'usr_administrator',
  endpoint: 'ep_9f86d081884c7d659a2feaa0',
  filter: exampleFilter,
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:00.000Z',
}
const one = { description: 'The subscription.', schema: ShownSubscription, example: exampleSubscription }

const Count = (description: string) => v.pipe(v.number(), v.integer(), v.description(description))

export const subscriptionOperations = [
  operation({
    id: 'getSubscriptions',
    method: 'GET',
    path: '/api/v1/subscriptions',
    tag: 'Endpoints',
    summary: 'List subscriptions',
    query: v.strictObject({
      ...listQuery(SUBSCRIPTION_SORTS),
      endpoint: v.optional(
        v.pipe(id('ep', 'an endpoint'), v.description('Of this endpoint only, whose it ever is.')),
      ),
      owner: Owner,
    }),
    answers: {
      200: {
        description: 'A page of subscriptions.',
        schema: list(ShownSubscription),
        example: { total: 1, data: [exampleSubscription] },
      },
    },
    problems: [404],
    async handle(input) {
      const { query, deps, reach } = input
      const { endpoint: endpointId } = query
      const user = userOf(input).id
      const owner = ownerOf(query.owner, user, reach)
      if (endpointId !== undefined) {
        const endpoint = await findEndpoint(deps.env.DB, endpointId, reach === 'all' ? null : user)
        if (!endpoint) throw notFound(`endpoint ${endpointId}`)
      }
      return answerList(
        () =>
          listSubscriptions(
            deps.env.DB,
            endpointId === undefined ? { ownerId: owner } : { endpointId },
            listQueryOf(query),
          ),
        show,
      )
    },
  }),
  operation({
    id: 'addSubscription',
    method: 'POST',
    path: '/api/v1/subscriptions',
    tag: 'Endpoints',
    summary: 'Subscribe an endpoint to events',
    description:
      'To those that fit all that the filter asks for. An endpoint is sent what fits any of its subscriptions, once.',
    body: withHints(
      v.strictObject({ endpoint: id('ep', 'an endpoint'), filter: v.optional(FilterInput, {}) }),
      IN_FILTER,
    ),
    example: { endpoint: 'ep_9f86d081884c7d659a2feaa0', filter: exampleFilter },
    answers: { 201: { ...one, headers: { Location: 'Its path.' } } },
    problems: [404, 'too_many', 'owner_shut_out'],
    async handle(input) {
      const { body, deps } = input
      const { id: owner, role } = userOf(input)
      const subscription = {
        id: newId('sub'),
        endpointId: body.endpoint,
        filter: completed(body.filter),
        createdAt: deps.clock(),
      }
      const most = MOST_SUBSCRIPTIONS[role]
      const made = await insertSubscription(
        deps.env.DB,
        subscription,
        owner,
        auditOf(input, subscription.id),
        { most, evenShutOut: isOperator(input) },
      )
      if (made === 'missing') throw notFound(`endpoint ${body.endpoint}`)
      if (made === 'owner-shut-out') throw shutOut(owner)
      if (made === 'full')
        throw new Problem(
          'too_many',
          `An endpoint may have ${most} subscriptions: remove one that is not needed, or say more in one`,
        )
      return created(`/api/v1/subscriptions/${made.id}`, show(made))
    },
  }),
  operation({
    id: 'previewSubscription',
    method: 'POST',
    path: '/api/v1/subscriptions/preview',
    tag: 'Endpoints',
    summary: 'See what a filter would let through',
    description: `Of the last ${PREVIEW.scanned.toLocaleString('en')} events that you may see; of fewer when they are long. Nothing is stored or sent.`,
    body: withHints(v.strictObject({ filter: v.optional(FilterInput, {}) }), IN_FILTER),
    example: { filter: exampleFilter },
    isRepeatable: false,
    answers: {
      200: {
        description: 'What it would let through.',
        schema: v.strictObject({
          scanned: Count('How many events were looked at.'),
          matched: Count('How many of them fit.'),
          types: v.pipe(
            v.array(v.strictObject({ type: v.string(), matched: Count('How many of this type.') })),
            v.description('The same by their types, the most first.'),
          ),
          data: v.pipe(
            v.array(Event),
            v.description(`The newest that fit, the newest first: ${PREVIEW.shown} at most.`),
          ),
        }),
        example: {
          scanned: 1000,
          matched: 1,
          types: [{ type: 'video.published', matched: 1 }],
          data: [exampleEvent],
        },
      },
    },
    async handle(input) {
      const filter = completed(input.body.filter)
      const events = await newestEvents(input.deps.env.DB, userOf(input).id, PREVIEW.scanned)
      const matched = events.filter(({ data, ...event }) =>
        matches(filter, facetsOf({ ...event, data: JSON.parse(data) })),
      )
      const totals = new Map<string, number>()
      for (const { type } of matched) totals.set(type, (totals.get(type) ?? 0) + 1)
      const types = [...totals]
        .map(([type, count]) => ({ type, matched: count }))
        .toSorted((a, b) => b.matched - a.matched)
      const head = JSON.stringify({ scanned: events.length, matched: matched.length, types })
      const data = matched.slice(0, PREVIEW.shown).map(eventJson).join()
      return { status: 200, text: `${head.slice(0, -1)},"data":[${data}]}` }
    },
  }),
  operation({
    id: 'getSubscription',
    method: 'GET',
    path: '/api/v1/subscriptions/:id',
    tag: 'Endpoints',
    summary: 'One subscription',
    params: idParams('sub', 'a subscription'),
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      return ok(show(await reachable(input)))
    },
  }),
  operation({
    id: 'patchSubscription',
    method: 'PATCH',
    path: '/api/v1/subscriptions/:id',
    tag: 'Endpoints',
    summary: 'Change what a subscription asks for',
    description: 'It counts for events from now on: what is owed already stays.',
    params: idParams('sub', 'a subscription'),
    bodyType: 'merge-patch',
    body: withHints(v.strictObject({ filter: v.optional(FilterChanges) }), IN_FILTER),
    example: { filter: { languages: ['en'], nsfw: null } },
    answers: { 200: one },
    problems: [404, 409, 412],
    async handle(input) {
      const { body, deps, request } = input
      const subscription = await reachable(input)
      await checkIfMatch(request, show(subscription))
      const filter = completed(mergedFilter(subscription.filter, body.filter ?? {}))
      if (!changesAnything(subscription, { filter })) return ok(show(subscription))
      const now = deps.clock()
      const audit = auditOf(input, subscription.id)
      if (!(await updateSubscription(deps.env.DB, subscription, filter, now, audit)))
        throw changedMeanwhile(request)
      return ok(show({ ...subscription, filter, updatedAt: now }))
    },
  }),
  operation({
    id: 'delSubscription',
    method: 'DELETE',
    path: '/api/v1/subscriptions/:id',
    tag: 'Endpoints',
    summary: 'Remove a subscription',
    description:
      'What the endpoint is owed already stays. One without subscriptions is sent nothing that is new.',
    params: idParams('sub', 'a subscription'),
    answers: { 204: { description: 'It is gone.' } },
    problems: [404, 412],
    async handle(input) {
      const { deps, request } = input
      const subscription = await reachable(input)
      await checkIfMatch(request, show(subscription))
      const expected = revisionFor(request, subscription)
      if (
        !(await deleteSubscription(deps.env.DB, subscription.id, expected, auditOf(input, subscription.id)))
      )
        throw notRemoved(request, `subscription ${subscription.id}`)
      return noContent
    },
  }),
]

/** @throws Problem 404 when there is none, or it is somebody else's who is out of reach. */
async function reachable(input: Input<{ id: string }, unknown, unknown>): Promise<Subscription> {
  const owner = input.reach === 'all' ? null : userOf(input).id
  const subscription = await findSubscription(input.deps.env.DB, input.params.id, owner)
  if (!subscription) throw notFound(`subscription ${input.params.id}`)
  return subscription
}

function show({ id, ownerId, endpointId, filter, createdAt, updatedAt }: Subscription) {
  return {
    id,
    owner: ownerId,
    endpoint: endpointId,
    filter,
    createdAt: time(createdAt),
    updatedAt: time(updatedAt),
  }
}
