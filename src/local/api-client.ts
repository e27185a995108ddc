/** @module The little of the API that `npm start` itself uses, through the generated client as anybody may use it. */
import createClient from 'openapi-fetch'
import * as v from 'valibot'
import type { components, paths } from '../../clients/typescript/tubewire.d.ts'
import { patientFetch, pause } from './patient-fetch.ts'

type Schemas = components['schemas']

/** An answer that is not a success. `message` is the API's own word. */
export class ApiError extends Error {
  readonly status: number
  /** What tells more than the status: see docs/api.md. */
  readonly code: string | undefined
  constructor(status: number, message: string, code?: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Parsed, where other answers are believed: `npm run administrator` and `npm run sign-in` ask whatever server they are told. */
const User = v.object({ username: v.string(), hasPassword: v.boolean() })
const SignInLink = v.object({ url: v.pipe(v.string(), v.regex(/^https?:\/\//), v.url()) })

const Problem = v.object({
  detail: v.string(),
  code: v.optional(v.string()),
  'invalid-params': v.optional(v.record(v.string(), v.object({ msg: v.string() }))),
})

/** What is wrong with each parameter, where that is what is wrong. */
function describeProblem({ detail, 'invalid-params': params }: v.InferOutput<typeof Problem>): string {
  if (!params) return detail
  return Object.entries(params)
    .map(([name, { msg }]) => `${name} ${msg}`)
    .join('; ')
}

/** Longest pages, fewest requests: they are counted. */
const PAGE = 100

/**
 * The API of a Tubewire.
 * @param base e.g. `http://127.0.0.1:8787`.
 * @param wait what passes the time that a 429 asks for.
 */
export function apiClient(base: URL, key: string, wait: (milliseconds: number) => Promise<void> = pause) {
  const client = createClient<paths>({
    baseUrl: base.origin,
    headers: { authorization: `Bearer ${key}` },
    fetch: patientFetch(wait),
  })
  client.use({
    onResponse({ response }) {
      const type = response.headers.get('content-type')
      if (response.ok && type !== null && !/[/+]json\b/.test(type)) throw notOurs(base, response)
    },
  })

  return {
    instances: () =>
      all((after) =>
        client.GET('/api/v1/instances', { params: { query: { count: PAGE, ...after } } }).then(answerOf),
      ),
    /**
     * Asks an instance what it is, without watching it.
     * @param url in any form that people paste.
     * @throws ApiError when it can't be watched.
     */
    checkInstance: async (url: string) => {
      const found = answerOf(await client.POST('/api/v1/instances', { body: { url, dryRun: true } }))
      if ('id' in found) throw new Error(`${url} was added, and not only looked at`)
      return found
    },
    addInstance: async (url: string, backfill: number): Promise<Schemas['Instance']> => {
      const added = answerOf(await client.POST('/api/v1/instances', { body: { url, backfill } }))
      if (!('id' in added)) throw new Error(`${url} was looked at, and not added`)
      return added
    },
    instance: async (id: string): Promise<Schemas['Instance']> =>
      answerOf(await client.GET('/api/v1/instances/{id}', { params: { path: { id } } })),
    removeInstance: async (id: string): Promise<void> =>
      answerOf(await client.DELETE('/api/v1/instances/{id}', { params: { path: { id } } })),
    pollNow: async (id: string): Promise<void> =>
      answerOf(await client.POST('/api/v1/instances/{id}/poll', { params: { path: { id } } })),
    connections: () =>
      all((after) =>
        client.GET('/api/v1/connections', { params: { query: { count: PAGE, ...after } } }).then(answerOf),
      ),
    addConnection: async (account: {
      instance: string
      username: string
      password: string
      otp?: string
    }): Promise<Schemas['Connection']> =>
      answerOf(await client.POST('/api/v1/connections', { body: account })),
    endpoints: () =>
      all((after) =>
        client.GET('/api/v1/endpoints', { params: { query: { count: PAGE, ...after } } }).then(answerOf),
      ),
    addEndpoint: async (url: URL, description: string) =>
      answerOf(
        await client.POST('/api/v1/endpoints', { body: { url: url.href, description, verified: true } }),
      ),
    confirmEndpoint: async (id: string) =>
      answerOf(
        await client.PATCH('/api/v1/endpoints/{id}', { params: { path: { id } }, body: { verified: true } }),
      ),
    removeEndpoint: async (id: string): Promise<void> =>
      answerOf(await client.DELETE('/api/v1/endpoints/{id}', { params: { path: { id } } })),
    user: async (id: string) => {
      const result = await client.GET('/api/v1/users/{id}', { params: { path: { id } } })
      const parsed = v.safeParse(User, answerOf(result))
      if (!parsed.success) throw notOurs(base, result.response)
      return { ...parsed.output, etag: result.response.headers.get('etag') ?? '' }
    },
    /** Makes a link that signs whoever has the key in, once, within an hour. */
    addSignInLink: async (): Promise<URL> => {
      const result = await client.POST('/api/v1/session/links')
      const parsed = v.safeParse(SignInLink, answerOf(result))
      if (!parsed.success) throw notOurs(base, result.response)
      return new URL(parsed.output.url)
    },
    /** @throws ApiError 412 when the account is no longer what `etag` says. */
    setPassword: async (id: string, password: string, etag: string): Promise<void> => {
      const params = { path: { id }, header: { 'If-Match': etag } }
      answerOf(await client.PUT('/api/v1/users/{id}', { params, body: { password } }))
    },
  }
}
export type ApiClient = ReturnType<typeof apiClient>

/** What openapi-fetch gives: data of a success, the problem of anything else. */
type Result<TData> = { data?: TData; error?: unknown; response: Response }

/** @throws ApiError unless it is a success. */
function answerOf<TData>({ data, error, response }: Result<TData>): TData {
  // Every success comes with the data of its type: for a 204 that is `undefined`.
  if (response.ok) return data as TData
  const problem = v.safeParse(Problem, error)
  throw new ApiError(
    response.status,
    problem.success ? describeProblem(problem.output) : `answered ${response.status}`,
    problem.success ? problem.output.code : undefined,
  )
}

function notOurs({ origin }: URL, { status }: Response): ApiError {
  return new ApiError(status, `${origin} answers as no Tubewire does: is that its address?`)
}

/** Reads a list page by page. */
async function all<TItem>(
  read: (after: { after?: string }) => Promise<{ data: TItem[]; next?: string }>,
): Promise<TItem[]> {
  const found: TItem[] = []
  let after: { after?: string } = {}
  for (;;) {
    const { data, next } = await read(after)
    found.push(...data)
    if (next === undefined) return found
    after = { after: next }
  }
}
