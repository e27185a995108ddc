/** @module /api/v1/instances: the PeerTube servers that are watched. */
import * as v from 'valibot'
import { sessionsAtInstances } from '../db/connections.ts'
import {
  deleteInstance,
  findInstance,
  INSTANCE_SORTS,
  type InstanceState,
  listInstances,
  makeDue,
  pauseInstance,
} from '../db/instances.ts'
import { revokeSessions } from '../workers/revoke-sessions.ts'
import { planInstance, showPlan, watchPlanned } from './add-instance.ts'
import { auditOf } from './audit-entry.ts'
import { idParams, list, listQuery } from './fields.ts'
import {
  exampleFound,
  exampleInstance,
  Found,
  ShownInstance,
  showInstance,
  Watches,
} from './instance-view.ts'
import { answerList, listQueryOf } from './lists.ts'
import { created, type Input, noContent, ok, operation } from './operation.ts'
import { pollNow } from './poll-now.ts'
import { notFound, Problem } from './problem.ts'
import { changedMeanwhile, checkIfMatch, notRemoved, revisionFor } from './request/conditional.ts'
import { pastedInstance, requireTarget } from './urls.ts'

const newBody = (allowLocal: boolean) =>
  v.strictObject({
    url: pastedInstance(allowLocal),
    backfill: v.optional(
      v.pipe(
        v.number('must be a number'),
        v.integer('must be a whole number'),
        v.minValue(0, 'must be at least 0'),
        v.maxValue(1_000, 'must be at most 1000'),
        v.description('So many of its newest videos become events.'),
      ),
      0,
    ),
    dryRun: v.optional(v.boolean('must be true or false'), false),
  })

const one = { description: 'The instance.', schema: ShownInstance, example: exampleInstance }

export const instanceOperations = [
  operation({
    id: 'getInstances',
    method: 'GET',
    path: '/api/v1/instances',
    tag: 'Instances',
    summary: 'List the instances that are watched',
    query: v.strictObject(listQuery(INSTANCE_SORTS)),
    answers: {
      200: {
        description: 'A page of instances.',
        schema: list(ShownInstance),
        example: { total: 1, data: [exampleInstance] },
      },
    },
    async handle({ query, deps, reach }) {
      return answerList(
        () => listInstances(deps.env.DB, listQueryOf(query)),
        (instance) => showInstance(instance, reach, deps.config),
      )
    },
  }),
  operation({
    id: 'addInstance',
    method: 'POST',
    path: '/api/v1/instances',
    tag: 'Instances',
    summary: 'Watch an instance, or a part of it',
    description:
      'Of a host, or the address of a video, the whole instance is watched; of a channel or an account that alone, with the comments on its videos. Asks the instance first what it is, and follows a permanent redirect to another host once. Of an instance that is watched in parts the part is added that was named. With `dryRun` nothing is stored, and the answer is 200.',
    body: newBody(false),
    localBody: newBody(true),
    example: { url: 'https://peertube.example', backfill: 10 },
    answers: {
      200: {
        description: 'What it is; nothing was stored (`dryRun`).',
        schema: v.strictObject({ ...Found, watches: Watches }),
        example: { ...exampleFound, watches: { kind: 'channel', name: 'news', displayName: 'The news' } },
      },
      201: { ...one, description: 'It is watched.', headers: { Location: 'Its path.' } },
    },
    problems: [
      409,
      'already_watched',
      'not_there',
      'not_peertube',
      'too_old',
      'unreachable',
      'timeout',
      'tls',
      'redirect',
      'http',
      'rate_limited',
      'too_large',
      'schema',
      'not_json',
      'instance_busy',
    ],
    async handle(input) {
      const { body, deps, reach } = input
      await requireTarget(input, 'url', body.url.url)
      const plan = await planInstance(deps, body.url)
      if (body.dryRun) return ok(showPlan(plan))
      const instance = await watchPlanned(input, plan, body.backfill)
      await pollNow(deps, instance.id)
      return created(`/api/v1/instances/${instance.id}`, showInstance(instance, reach, deps.config))
    },
  }),
  operation({
    id: 'getInstance',
    method: 'GET',
    path: '/api/v1/instances/:id',
    tag: 'Instances',
    summary: 'One instance',
    params: idParams('ins', 'an instance'),
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      return ok(showInstance(await find(input), input.reach, input.deps.config))
    },
  }),
  operation({
    id: 'patchInstance',
    method: 'PATCH',
    path: '/api/v1/instances/:id',
    tag: 'Instances',
    summary: 'Pause or resume an instance',
    description:
      'While it is paused it is not asked; what it publishes meanwhile is found when it is resumed.',
    params: idParams('ins', 'an instance'),
    bodyType: 'merge-patch',
    body: v.strictObject({ paused: v.optional(v.boolean('must be true or false')) }),
    example: { paused: true },
    answers: { 200: one },
    problems: [404, 409, 412],
    async handle(input) {
      const { body, deps, request, reach } = input
      const instance = await find(input)
      await checkIfMatch(request, showInstance(instance, reach, deps.config))
      const { id, revision, pausedAt } = instance
      if (body.paused === undefined || body.paused === (pausedAt !== null))
        return ok(showInstance(instance, reach, deps.config))
      const change = { isPaused: body.paused, revision, now: deps.clock() }
      if (!(await pauseInstance(deps.env.DB, id, change, auditOf(input, id)))) throw changedMeanwhile(request)
      if (!body.paused) await pollNow(deps, id)
      return ok(showInstance(await find(input), reach, deps.config))
    },
  }),
  operation({
    id: 'pollInstance',
    method: 'POST',
    path: '/api/v1/instances/:id/poll',
    tag: 'Instances',
    summary: 'Read an instance now',
    params: idParams('ins', 'an instance'),
    answers: { 202: { description: 'It is about to be read.' } },
    problems: [404, 409],
    async handle(input) {
      const { deps } = input
      const { id } = input.params
      if (!(await makeDue(deps.env.DB, id, deps.clock(), auditOf(input, id)))) {
        await find(input)
        throw new Problem(409, `The instance ${id} is paused: resume it first`)
      }
      await pollNow(deps, id)
      return { status: 202 }
    },
  }),
  operation({
    id: 'delInstance',
    method: 'DELETE',
    path: '/api/v1/instances/:id',
    tag: 'Instances',
    summary: 'Stop watching an instance',
    description: 'Its events stay. Connections to it go along, and are logged out there.',
    params: idParams('ins', 'an instance'),
    answers: { 204: { description: 'It is no longer watched.' } },
    problems: [404, 412],
    async handle(input) {
      const instance = await find(input)
      await checkIfMatch(input.request, showInstance(instance, input.reach, input.deps.config))
      const { id } = instance
      const revision = revisionFor(input.request, instance)
      const sessions = await sessionsAtInstances(input.deps.env.DB, { instanceId: id })
      if (!(await deleteInstance(input.deps.env.DB, id, revision, auditOf(input, id))))
        throw notRemoved(input.request, `instance ${id}`)
      input.inBackground(revokeSessions(input.deps, sessions))
      return noContent
    },
  }),
]

async function find({ params, deps }: Input<{ id: string }, unknown, unknown>): Promise<InstanceState> {
  const instance = await findInstance(deps.env.DB, params.id)
  if (!instance) throw notFound(`instance ${params.id}`)
  return instance
}
