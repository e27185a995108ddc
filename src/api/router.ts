/**
 * @module What happens to each request, in this order: who calls, how often, may he, what did he send; then the operation;
 * then what every answer carries.
 */

import type { Context } from 'hono'
import { Hono } from 'hono'
import { type CountedRequest, callerLimit, limitHeaders } from '../workers/caller-limit.ts'
import type { Deps } from '../workers/deps.ts'
import { describeError } from '../workers/log.ts'
import { type Body, readBody } from './body.ts'
import { anonymous, type Caller, callerId, identify } from './caller.ts'
import { entityTag, isNotModified } from './conditional.ts'
import { allowAnyOrigin, answerPreflight, isCrossOrigin, isPreflight } from './cors.ts'
import { answerOnce, IDEMPOTENCY_KEY } from './idempotency.ts'
import type { Answer, Operation } from './operation.ts'
import { invalidParams, Problem } from './problem.ts'
import { type OperationId, type Reach, RIGHTS, type Right } from './rights.ts'
import { invalid, type Part, parseParts } from './validate.ts'

/** What the router is called with, for each request anew. */
type Bindings = { deps: Deps; waitUntil: (promise: Promise<unknown>) => void }
type App = { Bindings: Bindings }

/** One request on its way. */
type Passage = {
  deps: Deps
  request: Request
  path: string
  origin: string
  requestId: string
  operation?: Operation
  inBackground: (work: Promise<unknown>) => void
  /** What the answer carries besides: the state of the caller's limit. */
  headers: Record<string, string>
}

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
  const request = context.req.raw
  const url = new URL(request.url)
  const requestId = requestIdOf(request)
  const passage: Passage = {
    deps,
    request,
    path: url.pathname,
    origin: deps.config.publicUrl ?? url.origin,
    requestId,
    ...(operation ? { operation } : {}),
    inBackground(work) {
      waitUntil(
        work.catch((error: unknown) =>
          deps.log({
            log: 'error',
            where: `after ${request.method} ${url.pathname}`,
            error: describeError(error),
            id: requestId,
          }),
        ),
      )
    },
    headers: {},
  }
  let response: Response
  try {
    response = await go(passage)
  } catch (error) {
    response = refusal(passage, error)
  }
  return dress(passage, response)
}

/** The caller's id for a request, if it is one, and otherwise ours: it is in the log, in the audit log, and in the answer. */
function requestIdOf(request: Request): string {
  const sent = request.headers.get('x-request-id') ?? ''
  return /^[\w.-]{8,64}$/.test(sent) ? sent : `req_${crypto.randomUUID().replaceAll('-', '')}`
}

async function perform(passage: Passage, operation: Operation): Promise<Response> {
  const { deps, request } = passage
  const right: Right = RIGHTS[operation.id]
  // Where nobody is asked who he is, a token that no longer holds is in nobody's way.
  const identified =
    right.scope === 'any' ? anonymous(request) : await identify(deps, request, passage.inBackground)
  const caller = identified instanceof Problem ? anonymous(request) : identified
  const counted = await count(passage, caller, operation.limit ?? 'api')
  if (identified instanceof Problem) throw identified
  const reach = reachOf(right, caller)
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
      })
      return answered instanceof Response ? answered : toResponse(passage, answered)
    }
    const key = request.headers.get('idempotency-key')
    if (key === null || operation.method !== 'POST' || operation.isRepeatable === false) return await answer()
    return await answerOnce({ deps, caller, key, request, body: body?.text ?? '' }, answer)
  } catch (error) {
    // The contract's asterisk: a registration that fails is not counted.
    if (operation.limit === 'register') await counted?.uncount()
    throw error
  }
}

/**
 * Counts a request.
 * @throws Problem 429 when it is one too many, with when to come back; 503 when a login can't be counted.
 */
async function count(
  passage: Passage,
  caller: Caller,
  bucket: NonNullable<Operation['limit']> | 'api',
): Promise<CountedRequest | null> {
  if (bucket === 'none') return null
  const { deps } = passage
  const general = deps.config.limits[bucket]
  const own = caller.kind === 'key' && bucket === 'api' ? caller.rateLimit : null
  const limit = own === null ? general : { ...general, requests: own }
  const counted = await callerLimit(deps, callerId(caller), bucket, limit)
  if (counted.kind === 'unknown') {
    // Reads pass: better served uncounted than not at all. Logins don't: uncounted they could be guessed.
    if (bucket === 'api') return null
    throw new Problem('limiter_unavailable', 'This can not be counted right now: try again in a moment', {
      headers: { 'retry-after': '5' },
    })
  }
  Object.assign(passage.headers, limitHeaders(counted))
  if (!counted.allowed)
    throw new Problem(429, `Too many requests: at most ${limit.requests} in ${limit.windowMs / 1000} s`)
  return counted
}

/** @throws Problem 401 when nobody is known, 403 when the one who is may not. */
function reachOf(right: Right, caller: Caller): Reach {
  if (caller.kind === 'anonymous') {
    if (right.anonymous !== 'none') return right.anonymous
    throw new Problem('unauthorized_request', 'Log in, or send an API key as "Authorization: Bearer …"', {
      headers: { 'www-authenticate': 'Bearer realm="tubewire"' },
    })
  }
  const { role } = caller.user
  if (right[role] === 'none') throw new Problem('insufficient_rights', `The role ${role} may not do this`)
  if (caller.kind === 'key') refuseScope(right.scope, caller.scopes)
  return right[role]
}

function refuseScope(needed: Right['scope'], scopes: ReadonlySet<string>): void {
  if (needed === 'session') {
    throw new Problem('session_required', 'This takes the access token of a session, and no API key')
  }
  if (needed === 'any' || scopes.has(needed)) return
  throw new Problem('insufficient_scope', `The API key has not the scope ${needed}`, {
    headers: { 'www-authenticate': `Bearer realm="tubewire", error="insufficient_scope", scope="${needed}"` },
  })
}

async function readInput(
  { request, path }: Passage,
  operation: Operation,
): Promise<{ body: Body | null; values: { params: unknown; query: unknown; body: unknown } }> {
  const body = operation.body ? await readBody(request, operation.bodyType ?? 'json') : null
  const key = request.headers.get('idempotency-key')
  const isKeyWrong = key !== null && operation.method === 'POST' && !IDEMPOTENCY_KEY.test(key)
  const known = {
    ...(isKeyWrong ? invalid('header', 'Idempotency-Key', 'must be up to 255 visible ASCII characters') : {}),
    ...body?.wrong,
  }
  const none: Part['input'] = undefined
  const parts = [
    operation.params && {
      location: 'params' as const,
      schema: operation.params,
      input: paramsOf(operation.path, path),
    },
    operation.query && { location: 'query' as const, schema: operation.query, input: queryOf(request) },
    operation.body &&
      !body?.wrong && { location: 'body' as const, schema: operation.body, input: body?.value ?? none },
  ]
  const outputs = parseParts(
    parts.filter((part) => part !== undefined && part !== false),
    known,
  )
  const [params, query, parsedBody] = parts.map((part) => (part ? outputs.shift() : undefined))
  const values = { params, query, body: parsedBody }
  const combined = operation.combine?.(values)
  if (combined) throw invalidParams(combined)
  return { body, values }
}

/** The parts of a path that its pattern names. What can't be decoded stays as it is: no id looks like that. */
function paramsOf(pattern: string, path: string): Record<string, string> {
  const params: Record<string, string> = Object.create(null)
  const parts = path.split('/')
  pattern.split('/').forEach((name, index) => {
    if (name.startsWith(':')) params[name.slice(1)] = decode(parts[index] ?? '')
  })
  return params
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The query as an object; a parameter that comes twice is an array, which no schema takes unless it says so. */
function queryOf(request: Request): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of new URL(request.url).searchParams) {
    const before = query[name]
    query[name] = before === undefined ? value : [before, value].flat()
  }
  return query
}

async function toResponse({ request, operation }: Passage, answer: Answer): Promise<Response> {
  const text = answer.text ?? (answer.body === undefined ? null : JSON.stringify(answer.body))
  const headers = new Headers(answer.headers)
  if (text === null) return new Response(null, { status: answer.status, headers })
  if (!headers.has('content-type')) headers.set('content-type', 'application/json; charset=utf-8')
  if (answer.status !== 200 || operation?.method !== 'GET')
    return new Response(text, { status: answer.status, headers })
  const tag = await entityTag(text)
  headers.set('etag', tag)
  // A cache may keep it, and must ask each time whether it still holds.
  if (!headers.has('cache-control')) headers.set('cache-control', 'private, no-cache')
  headers.append('vary', 'Authorization')
  return isNotModified(request, tag)
    ? new Response(null, { status: 304, headers })
    : new Response(text, { headers })
}

/** What every answer carries. */
function dress({ path, headers: limits, requestId }: Passage, response: Response): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(limits)) headers.set(name, value)
  headers.set('x-request-id', requestId)
  headers.set('x-content-type-options', 'nosniff')
  headers.set('x-frame-options', 'DENY')
  headers.set('referrer-policy', 'no-referrer')
  headers.set('strict-transport-security', 'max-age=31536000; includeSubDomains')
  if (!headers.has('content-security-policy'))
    headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  if (isCrossOrigin(path)) allowAnyOrigin(headers)
  return new Response(response.body, { status: response.status, headers })
}

function options(request: Request, methods: readonly string[]): Response {
  const headers = new Headers({ allow: methods.join(', ') })
  if (isPreflight(request) && isCrossOrigin(new URL(request.url).pathname))
    answerPreflight(headers, request, methods)
  return new Response(null, { status: 204, headers })
}

/** 405 (RFC 9110, 15.5.6). Counted as any other request. */
async function refuseMethod(passage: Passage, methods: readonly string[]): Promise<Response> {
  await count(passage, anonymous(passage.request), 'api')
  throw new Problem(405, `${passage.path} takes ${methods.join(', ')}, not ${passage.request.method}`, {
    headers: { allow: methods.join(', ') },
  })
}

async function refusePath(passage: Passage): Promise<Response> {
  await count(passage, anonymous(passage.request), 'api')
  throw new Problem(404, `There is no ${passage.request.method} ${passage.path} here`)
}

function refusal(passage: Passage, error: unknown): Response {
  const { request, path, origin, requestId, deps, operation } = passage
  const place = { instance: path, origin, operation: operation?.id satisfies OperationId | undefined }
  if (error instanceof Problem) return error.toResponse(place)
  // The caller learns an id that is in the log, and nothing of what went wrong inside.
  deps.log({ log: 'error', where: `${request.method} ${path}`, error: describeError(error), id: requestId })
  return new Problem(500, `Something went wrong here; the log has it under ${requestId}`).toResponse(place)
}
