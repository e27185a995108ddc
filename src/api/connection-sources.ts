/** @module /api/v1/connections/{id}/sources: how one's own accounts are read. */
import * as v from 'valibot'
import { exampleConnectionSource } from './connection-view.ts'
import { reachableConnection } from './connections.ts'
import { id } from './fields.ts'
import { type Input, ok, operation } from './operation.ts'
import { notFound } from './problem.ts'
import { ShownSource, showSource } from './source-view.ts'
import { changeSource, changes } from './sources.ts'

const params = v.strictObject({ id: id('con', 'a connection'), sourceId: id('src', 'a source') })
const one = { description: 'The source.', schema: ShownSource, example: exampleConnectionSource }

export const connectionSourceOperations = [
  operation({
    id: 'getConnectionSource',
    method: 'GET',
    path: '/api/v1/connections/:id/sources/:sourceId',
    tag: 'Connections',
    summary: 'How an account is read',
    params,
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      const { connection, source } = await find(input)
      return ok(showSource(source, connection, input.deps.config))
    },
  }),
  operation({
    id: 'patchConnectionSource',
    method: 'PATCH',
    path: '/api/v1/connections/:id/sources/:sourceId',
    tag: 'Connections',
    summary: 'Say how late one may learn of something on an account',
    params,
    bodyType: 'merge-patch',
    body: changes(false),
    localBody: changes(true),
    example: { maxDelaySeconds: 600 },
    answers: { 200: one },
    problems: [404, 409, 412],
    async handle(input) {
      const { connection, source } = await find(input)
      return changeSource(input, source, connection, async () => (await find(input)).source)
    },
  }),
]

/** @throws Problem 404 when there is none, or the connection is somebody else's who is out of reach. */
async function find(input: Input<v.InferOutput<typeof params>, unknown, unknown>) {
  const { sourceId } = input.params
  const connection = await reachableConnection(input)
  const source = connection.sources.find(({ id: one }) => one === sourceId)
  if (!source) throw notFound(`source ${sourceId} of ${connection.id}`)
  return { connection, source }
}
