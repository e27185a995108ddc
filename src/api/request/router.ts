/**
 * @module What happens to each request, in this order: who calls, how often, may he, what did he send; then the operation;
 * then what every answer carries.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { withoutSecrets } from '../../tokens.ts'
import type { Deps } from '../../workers/deps.ts'
import { describeError } from '../../workers/log.ts'
import type { Operation } from '../operation.ts'
import { Problem } from '../problem.ts'
import type { OperationId } from '../rights.ts'
import { admit, countAnybody } from './admission.ts'
import { answerPreflight, isCrossOrigin, isPreflight } from './cors.ts'
import { answerOnce } from './idempotency.ts'
import { type Passage, startPassage } from './passage.ts'
import { readInput } from './read-input.ts'
import { dress, toResponse } from './response.ts'

/** What the router is called with, for each request anew. */
type Bindings = { deps: Deps; waitUntil: (promise: Promise<unknown>) => void }
type App = { Bindings: Bindings }

/** Routes requests to operations. */
export function router(operations: readonly Operation[]): Hono<App> {
  const app = new Hono<App>()
  const byPath = Map.groupBy(operations, ({ path }) => path)
  for (const [path, here] of byPath) {
    for (const operation of here) {
      app.on(operation.method, path, (context) =>
        pass(context, operation, (passage) => perform(passage, operation)),
      )
    }
    const methods = methodsOf(here)
    app.options(path, (context) => pass(context, undefined, async ({ request }) => options(request, methods)))
    app.all(path, (context) => pass(context, here[0], (passage) => refuseMethod(passage, methods)))
  }
  app.notFound((context) => pass(context, undefined, refusePath))
  return app
}

function methodsOf(operations: readonly Operation[]): string[] {
  const methods: string[] = operations.map(({ method }) => method)
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS']
}

/** Sees a request through, whatever happens on the way. */
async function pass(
  context: Context<App>,
  operation: Operation | undefined,
  go: (passage: Passage) => Promise<Response>,
): Promise<Response> {
  const { deps, waitUntil } = context.env
  const passage = startPassage(context.req.raw, deps, waitUntil, operation)
  let response: Response
  try {
    response = await go(passage)
  } catch (error) {
    response = refusal(passage, error)
  }
  return dress(passage, response)
}

async function perform(passage: Passage, operation: Operation): Promise<Response> {
  const { deps, request } = passage
  const { caller, reach, counted } = await admit(passage, operation)
  try {
    const { body, values } = await readInput(passage, operation)
    const answer = async () => {
      const answered = await operation.handle({
        ...values,
        caller,
        reach,
        deps,
        request,
        origin: passage.origin,
        requestId: passage.requestId,
        operation: operation.id,
        inBackground: passage.inBackground,
        afterAnswer: passage.afterAnswer,
      })
      return answered instanceof Response ? answered : toResponse(passage, answered)
    }
    const key = request.headers.get('idempotency-key')
    if (key === null || operation.method !== 'POST' || operation.isRepeatable === false) return await answer()
    return await answerOnce({ deps, caller, key, request, body: body?.text ?? '' }, answer)
  } catch (error) {
    // The contract's asterisk: a registration that fails is not counted.
    if (operation.limit === 'register' && counted) {
      await counted.uncount()
      passage.headers['x-ratelimit-remaining'] = String(counted.remaining + 1)
    }
    throw error
  }
}

/** @param methods of the path; none where there is nothing, of which only a preflight doesn't tell. */
function options(request: Request, methods?: readonly string[]): Response {
  const headers = new Headers(methods ? { allow: methods.join(', ') } : {})
  if (isPreflight(request) && isCrossOrigin(new URL(request.url).pathname)) answerPreflight(headers, request)
  return new Response(null, { status: 204, headers })
}

/** 405 (RFC 9110, 15.5.6). Counted as any other request. */
async function refuseMethod(passage: Passage, methods: readonly string[]): Promise<Response> {
  await countAnybody(passage)
  throw new Problem(
    405,
    `${withoutSecrets(passage.path)} takes ${methods.join(', ')}, not ${passage.request.method}`,
    {
      headers: { allow: methods.join(', ') },
    },
  )
}

async function refusePath(passage: Passage): Promise<Response> {
  // So that a page of another origin learns of the 404, and not of a failed preflight.
  if (isPreflight(passage.request)) return options(passage.request)
  await countAnybody(passage)
  throw new Problem(
    404,
    `There is no ${passage.request.method} ${withoutSecrets(passage.path)} here: /api/docs lists what there is`,
  )
}

function refusal(passage: Passage, error: unknown): Response {
  const { request, origin, requestId, deps, operation } = passage
  const path = withoutSecrets(passage.path)
  const place = { instance: path, origin, operation: operation?.id satisfies OperationId | undefined }
  if (error instanceof Problem) return error.toResponse(place)
  // The caller learns an id that is in the log, and nothing of what went wrong inside.
  deps.log({ log: 'error', where: `${request.method} ${path}`, error: describeError(error), id: requestId })
  return new Problem(500, `Something went wrong here; the log has it under ${requestId}`).toResponse(place)
}
