/** @module /api/v1/sources: what of an instance is read as anybody. Those of connections: connection-sources.ts. */
import * as v from 'valibot'
import { findInstance, type InstanceState, type Source } from '../db/instances.ts'
import { changeMaxDelay, deleteSource, findSource, insertSource, type SourceState } from '../db/sources.ts'
import { commentsTarget } from '../events/source-target.ts'
import { auditOf } from './audit-entry.ts'
import { refuseCovered } from './coverage.ts'
import { idParams } from './fields.ts'
import { MaxDelay, NewSource, newSourceProblems, planSource } from './new-source.ts'
import { type Answer, created, type Input, noContent, ok, operation } from './operation.ts'
import { pollNow } from './poll-now.ts'
import { full, notFound, Problem } from './problem.ts'
import { changedMeanwhile, checkIfMatch, notRemoved, revisionFor } from './request/conditional.ts'
import { exampleSource, type OfInstance, ShownSource, showSource } from './source-view.ts'

/** How many an instance may have: each is read by itself. */
const MOST_SOURCES = 100
/** What somebody named to be watched closely is read so often unless he says otherwise. */
const CLOSE_MS = 120_000

const one = { description: 'The source.', schema: ShownSource, example: exampleSource }

export const changes = (allowLocal: boolean) =>
  v.strictObject({ maxDelaySeconds: v.optional(v.nullable(MaxDelay(allowLocal))) })

export const sourceOperations = [
  operation({
    id: 'addSource',
    method: 'POST',
    path: '/api/v1/instances/:id/sources',
    tag: 'Instances',
    summary: 'Read more of an instance',
    description:
      'Videos: of one channel, one account, or what a search finds; without any of these all of the instance’s own. Comments: of one video or one channel, which are then watched closely (every two minutes); without either all. The instance is asked first whether there is such a thing.',
    params: idParams('ins', 'an instance'),
    body: NewSource(false),
    localBody: NewSource(true),
    combine: ({ body }) => newSourceProblems(body),
    example: { kind: 'videos', channel: 'news' },
    answers: { 201: { ...one, description: 'It is read.', headers: { Location: 'Its path.' } } },
    problems: [
      404,
      409,
      'already_watched',
      'too_many',
      'not_there',
      'not_peertube',
      'unreachable',
      'timeout',
      'tls',
      'redirect',
      'http',
      'rate_limited',
      'instance_busy',
    ],
    async handle(input) {
      const { body, deps, params } = input
      const instance = await instanceOf(input)
      if (instance.sources.length >= MOST_SOURCES) throw full(`sources of ${instance.host}`, MOST_SOURCES)
      const planned = await planSource(deps, instance, body)
      refuseCovered(instance, planned)
      const source = { ...planned, maxDelayMs: maxDelayOf(planned, body.maxDelaySeconds ?? null) }
      const now = deps.clock()
      const id = await insertSource(deps.env.DB, params.id, source, now, auditOf(input, null))
      if (id === null) {
        // Somebody else was quicker.
        refuseCovered(await instanceOf(input), planned)
        throw new Problem(409, `${instance.host} was changed meanwhile: try again`)
      }
      await pollNow(deps, params.id)
      return created(`/api/v1/sources/${id}`, show(input, await find(input, id)))
    },
  }),
  operation({
    id: 'getSource',
    method: 'GET',
    path: '/api/v1/sources/:id',
    tag: 'Instances',
    summary: 'How a part of an instance is read',
    params: idParams('src', 'a source'),
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      return ok(show(input, await find(input, input.params.id)))
    },
  }),
  operation({
    id: 'patchSource',
    method: 'PATCH',
    path: '/api/v1/sources/:id',
    tag: 'Instances',
    summary: 'Say how late one may learn of something',
    params: idParams('src', 'a source'),
    bodyType: 'merge-patch',
    body: changes(false),
    localBody: changes(true),
    example: { maxDelaySeconds: 600 },
    answers: { 200: one },
    problems: [404, 409, 412],
    async handle(input) {
      const source = await find(input, input.params.id)
      return changeSource(input, source, source, () => find(input, source.id))
    },
  }),
  operation({
    id: 'delSource',
    method: 'DELETE',
    path: '/api/v1/sources/:id',
    tag: 'Instances',
    summary: 'Read less of an instance',
    description: 'Its events stay. The last one of an instance goes with the instance only.',
    params: idParams('src', 'a source'),
    answers: { 204: { description: 'It is no longer read.' } },
    problems: [404, 412, 'last_source'],
    async handle(input) {
      const { deps, request } = input
      const source = await find(input, input.params.id)
      const { id, instanceId } = source
      await checkIfMatch(request, show(input, source))
      const expected = revisionFor(request, source)
      if (await deleteSource(deps.env.DB, id, expected, auditOf(input, id))) return noContent
      const instance = await findInstance(deps.env.DB, instanceId)
      if (instance?.sources.length !== 1) throw notRemoved(request, `source ${id}`)
      throw new Problem(
        'last_source',
        `${id} is the last source of ${instance.host}: add another one first, or remove the instance (DELETE /api/v1/instances/${instanceId})`,
      )
    },
  }),
]

/**
 * Changes a source as a merge patch says.
 * @param read the source as it is afterwards.
 * @throws Problem 412 or 409 when it was changed meanwhile.
 */
export async function changeSource(
  input: Input<unknown, unknown, v.InferOutput<ReturnType<typeof changes>>>,
  source: Source,
  instance: OfInstance,
  read: () => Promise<Source>,
): Promise<Answer> {
  const { body, deps, request } = input
  const { maxDelaySeconds } = body
  const shown = showSource(source, instance, deps.config)
  await checkIfMatch(request, shown)
  const maxDelayMs = maxDelaySeconds === undefined ? source.maxDelayMs : maxDelayOf(source, maxDelaySeconds)
  if (maxDelayMs === source.maxDelayMs) return ok(shown)
  const change = {
    maxDelayMs,
    effectiveMs: maxDelayMs ?? deps.config.maxDelayMs[source.kind],
    now: deps.clock(),
    expectedRevision: revisionFor(request, source),
  }
  if (!(await changeMaxDelay(deps.env.DB, source.id, change, auditOf(input, source.id))))
    throw changedMeanwhile(request)
  return ok(showSource(await read(), instance, deps.config))
}

/** @param seconds null: what the configuration says, or what is meant by "closely". */
function maxDelayOf(
  { kind, target }: Pick<Source, 'kind' | 'target'>,
  seconds: number | null,
): number | null {
  if (seconds !== null) return seconds * 1000
  const what = kind === 'comments' ? commentsTarget(target).kind : kind
  return what === 'video' || what === 'channel' ? CLOSE_MS : null
}

type Anything = Input<unknown, unknown, unknown>

function show({ deps }: Pick<Anything, 'deps'>, source: SourceState) {
  return showSource(source, source, deps.config)
}

async function find({ deps }: Pick<Anything, 'deps'>, id: string): Promise<SourceState> {
  const source = await findSource(deps.env.DB, id)
  if (!source) throw notFound(`source ${id}`)
  return source
}

async function instanceOf({ params, deps }: Input<{ id: string }, unknown, unknown>): Promise<InstanceState> {
  const instance = await findInstance(deps.env.DB, params.id)
  if (!instance) throw notFound(`instance ${params.id}`)
  return instance
}
