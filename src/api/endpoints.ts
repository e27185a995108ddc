/** @module /api/v1/endpoints: subscribers' URLs. */
import { Hono } from 'hono'
import * as v from 'valibot'
import {
  deleteEndpoint,
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  type NewEndpoint,
} from '../db/endpoints.ts'
import { newId } from '../db/id.ts'
import { targetProblem } from '../http/target.ts'
import { encryptSecret } from '../secrets.ts'
import { newSecret } from '../webhooks/signature.ts'
import type { Api } from './context.ts'
import { IdPage, page, parseInput, readJson, text } from './input.ts'
import { Problem } from './problem.ts'
import { time } from './time.ts'

const EndpointBody = v.strictObject({
  url: v.pipe(
    text(2_000),
    v.check((url) => URL.canParse(url), 'must be an absolute URL'),
    v.transform((url) => new URL(url)),
  ),
  description: v.optional(text(500), ''),
})

export function endpointRoutes(): Hono<Api> {
  return new Hono<Api>()
    .post('/', async (context) => {
      const { config, env, clock } = context.get('deps')
      const { url, description } = parseInput(EndpointBody, await readJson(context.req.raw), 'body')
      const problem = targetProblem(url, { allowLocal: config.allowLocalTargets })
      if (problem) {
        throw new Problem(400, `Incorrect request parameters: url ${problem}`, {
          // Its value is not shown: it may carry a password.
          invalidParams: { url: { location: 'body', msg: problem, param: 'url', path: 'url' } },
        })
      }
      const id = newId('ep')
      const secret = newSecret()
      const endpoint = {
        id,
        ownerId: context.get('user').id,
        url: url.href,
        description,
        secret: await encryptSecret(config.encryptionKeys, secret, id),
        createdAt: clock(),
      }
      await insertEndpoint(env.DB, endpoint)
      context.header('location', `/api/v1/endpoints/${id}`)
      return context.json({ ...show(endpoint), secret }, 201)
    })
    .get('/', async (context) => {
      const { after, limit } = parseInput(IdPage, context.req.query(), 'query')
      const found = await listEndpoints(context.get('deps').env.DB, context.get('user').id, after, limit + 1)
      return context.json(page(found, limit, show, ({ id }) => id))
    })
    .get('/:id', async (context) => {
      const id = context.req.param('id')
      const endpoint = await findEndpoint(context.get('deps').env.DB, context.get('user').id, id)
      if (!endpoint) throw new Problem(404, `There is no endpoint ${id}`)
      return context.json(show(endpoint))
    })
    .delete('/:id', async (context) => {
      const id = context.req.param('id')
      const wasThere = await deleteEndpoint(context.get('deps').env.DB, context.get('user').id, id)
      if (!wasThere) throw new Problem(404, `There is no endpoint ${id}`)
      return context.body(null, 204)
    })
}

/** Without its secret: that is in the answer to POST, and never again. */
function show({ id, url, description, createdAt }: NewEndpoint) {
  return { id, url, description, eventTypes: ['*'], createdAt: time(createdAt) }
}
