/** @module /api/v1/consumers: cursors that are kept here, so that a script never misses or repeats an event. */
import * as v from 'valibot'
import {
  CONSUMER_SORTS,
  type Consumer,
  deleteConsumer,
  findConsumer,
  insertConsumer,
  listConsumers,
  seekConsumer,
  updateConsumer,
} from '../db/consumers.ts'
import { newId } from '../db/id.ts'
import type { Filter } from '../events/filter.ts'
import { auditOf } from './audit-entry.ts'
import {
  ConsumerName,
  exampleConsumer,
  missingConsumer,
  ShownConsumer,
  showConsumer,
} from './consumer-view.ts'
import { list, listQuery, Owner } from './fields.ts'
import { completed, FilterChanges, FilterInput, mergedFilter } from './filter-fields.ts'
import { answerList, listQueryOf, ownerOf } from './lists.ts'
import { type Moment, MomentInput, positionOf, SequenceInput, SinceInput } from './moment.ts'
import { created, type Input, isOperator, noContent, ok, operation, userOf } from './operation.ts'
import { full, Problem, shutOut } from './problem.ts'
import {
  changedMeanwhile,
  changesAnything,
  checkIfMatch,
  notRemoved,
  revisionFor,
} from './request/conditional.ts'
import { invalid } from './request/validate.ts'

/** How many somebody may have. */
const MOST_CONSUMERS = { User: 20, Moderator: 100, Administrator: 1_000 } as const

const one = { description: 'The consumer.', schema: ShownConsumer, example: exampleConsumer }
/** The path of one. */
const params = v.strictObject({ name: ConsumerName })

const Place = v.strictObject({
  sequence: v.optional(SequenceInput('What comes after this sequence is read next.')),
  since: v.optional(
    v.pipe(SinceInput, v.description('What was seen then or later is read next: a time, or how long ago.')),
  ),
  to: v.optional(v.picklist(['beginning', 'end'], 'must be "beginning" or "end"')),
})

export const consumerOperations = [
  operation({
    id: 'getConsumers',
    method: 'GET',
    path: '/api/v1/consumers',
    tag: 'Consumers',
    summary: 'List consumers',
    query: v.strictObject({ ...listQuery(CONSUMER_SORTS), owner: Owner }),
    answers: {
      200: {
        description: 'A page of consumers.',
        schema: list(ShownConsumer),
        example: { total: 1, data: [exampleConsumer] },
      },
    },
    async handle(input) {
      const { query, deps, reach } = input
      const owner = ownerOf(query.owner, userOf(input).id, reach)
      const now = deps.clock()
      return answerList(
        () => listConsumers(deps.env.DB, owner, listQueryOf(query)),
        (consumer) => showConsumer(consumer, now),
      )
    },
  }),
  operation({
    id: 'addConsumer',
    method: 'POST',
    path: '/api/v1/consumers',
    tag: 'Consumers',
    summary: 'Make a consumer',
    description:
      'A program may do so each time it starts: of the name and filter of one that there is, that one is the answer, and its cursor stays where it is.',
    body: v.strictObject({
      name: ConsumerName,
      filter: v.optional(FilterInput, {}),
      from: v.optional(
        v.pipe(
          MomentInput,
          v.description(
            'Where a new one begins: `now`, `beginning`, after a sequence, at a time, or so long ago: `10m`, `2h`, `3d`.',
          ),
        ),
        'now',
      ),
    }),
    example: { name: 'search-index', filter: { types: ['video.*'] }, from: '2h' },
    answers: {
      200: { ...one, description: 'The consumer that there was.' },
      201: { ...one, headers: { Location: 'Its path.' } },
    },
    problems: ['consumer_exists', 'too_many', 'owner_shut_out'],
    async handle(input) {
      const { body, deps } = input
      const { id: ownerId, role } = userOf(input)
      const filter = completed(body.filter)
      const most = MOST_CONSUMERS[role]
      const id = newId('csm')
      const position = await positionOf(deps, body.from)
      const found = await insertConsumer(
        deps.env.DB,
        { id, ownerId, name: body.name, filter, position, createdAt: deps.clock() },
        auditOf(input, id),
        { most, evenShutOut: isOperator(input) },
      )
      if (found === 'full') throw full('consumers', most)
      if (found === 'owner-shut-out') throw shutOut(ownerId)
      const path = `/api/v1/consumers/${body.name}`
      const shown = showConsumer(found.consumer, deps.clock())
      if (found.isMade) return created(path, shown)
      if (isSame(filter, found.consumer.filter)) return ok(shown)
      throw new Problem(
        'consumer_exists',
        `${path} is there, with another filter: change it with PATCH, or take another name`,
      )
    },
  }),
  operation({
    id: 'getConsumer',
    method: 'GET',
    path: '/api/v1/consumers/:name',
    tag: 'Consumers',
    summary: 'One consumer: where it is, and who reads',
    params,
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      return ok(showConsumer(await ownConsumer(input), input.deps.clock()))
    },
  }),
  operation({
    id: 'patchConsumer',
    method: 'PATCH',
    path: '/api/v1/consumers/:name',
    tag: 'Consumers',
    summary: 'Change what a consumer asks for',
    description: 'It counts for what is read from now on; the cursor stays, and what is leased stays leased.',
    params,
    bodyType: 'merge-patch',
    body: v.strictObject({ filter: v.optional(FilterChanges) }),
    example: { filter: { languages: ['en'], nsfw: null } },
    answers: { 200: one },
    problems: [404, 409, 412],
    async handle(input) {
      const { body, deps, request } = input
      const consumer = await ownConsumer(input)
      const now = deps.clock()
      await checkIfMatch(request, showConsumer(consumer, now))
      const filter = completed(mergedFilter(consumer.filter, body.filter ?? {}))
      if (!changesAnything(consumer, { filter })) return ok(showConsumer(consumer, now))
      if (!(await updateConsumer(deps.env.DB, consumer, filter, now, auditOf(input, consumer.id))))
        throw changedMeanwhile(request)
      return ok(showConsumer({ ...consumer, filter, updatedAt: now }, now))
    },
  }),
  operation({
    id: 'delConsumer',
    method: 'DELETE',
    path: '/api/v1/consumers/:name',
    tag: 'Consumers',
    summary: 'Remove a consumer',
    description: 'With its cursor: another one of the same name begins anew.',
    params,
    answers: { 204: { description: 'It is gone.' } },
    problems: [404, 412],
    async handle(input) {
      const { deps, request } = input
      const consumer = await ownConsumer(input)
      const { id, name } = consumer
      await checkIfMatch(request, showConsumer(consumer, deps.clock()))
      if (!(await deleteConsumer(deps.env.DB, id, revisionFor(request, consumer), auditOf(input, id))))
        throw notRemoved(request, `consumer ${name}`)
      return noContent
    },
  }),
  operation({
    id: 'seekConsumer',
    method: 'POST',
    path: '/api/v1/consumers/:name/seek',
    tag: 'Consumers',
    summary: 'Move a consumer’s cursor to wherever',
    description:
      'Back, to read again what was acknowledged; or on, past what is not to be read. One of the three says where. It ends the lease: who holds it acknowledges in vain.',
    params,
    body: Place,
    combine: ({ body }) =>
      Object.values(body).filter((value) => value !== undefined).length === 1
        ? null
        : invalid('body', 'to', 'must be there, or "sequence", or "since": one of them, and no other'),
    example: { since: '3d' },
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      const { body, deps } = input
      const consumer = await ownConsumer(input)
      const position = await positionOf(deps, placeOf(body))
      const now = deps.clock()
      const moved = await seekConsumer(deps.env.DB, consumer, position, now, auditOf(input, consumer.id))
      if (!moved) throw missingConsumer(consumer.name)
      return ok(showConsumer(moved, now))
    },
  }),
]

function placeOf({ sequence, since, to }: v.InferOutput<typeof Place>): Moment {
  if (since) return since
  const end = to === 'beginning' ? 0 : Number.MAX_SAFE_INTEGER
  return { kind: 'after', sequence: sequence ?? end }
}

/** Whether two filters ask for the same, in whatever order they name it. */
function isSame(one: Filter, other: Filter): boolean {
  return sorted(one) === sorted(other)
}

function sorted(filter: Filter): string {
  const parts = Object.entries(filter).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(String).toSorted() : value,
  ])
  return JSON.stringify(parts.toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1)))
}

/** @throws Problem 404 when the caller has none of that name. */
async function ownConsumer(input: Input<{ name: string }, unknown, unknown>): Promise<Consumer> {
  const { name } = input.params
  const consumer = await findConsumer(input.deps.env.DB, userOf(input).id, name)
  if (!consumer) throw missingConsumer(name)
  return consumer
}
