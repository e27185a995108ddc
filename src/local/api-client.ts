/** @module The little of the API that `npm start` itself uses. */
import * as v from 'valibot'

const Source = v.object({ lastSuccessAt: v.nullable(v.string()), lastError: v.nullable(v.string()) })
const Instance = v.object({
  id: v.string(),
  url: v.string(),
  host: v.string(),
  name: v.string(),
  version: v.string(),
  sources: v.array(Source),
})
const Endpoint = v.object({ id: v.string(), url: v.string(), description: v.string() })
const CreatedEndpoint = v.object({ ...Endpoint.entries, secret: v.string() })
const User = v.object({ username: v.string(), createdAt: v.string(), updatedAt: v.string() })
const List = <TSchema extends v.GenericSchema>(item: TSchema) =>
  v.object({ data: v.array(item), next: v.optional(v.string()) })

/** An answer that is not a success. `message` is the API's own word. */
export class ApiError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The API of a Tubewire. @param base e.g. `http://127.0.0.1:8787`. */
export function apiClient(base: URL, key: string) {
  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    return (await request(method, path, body)).answer
  }

  async function request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ answer: unknown; etag: string }> {
    const response = await fetch(new URL(`/api/v1${path}`, base), {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const answer: unknown = text === '' ? null : JSON.parse(text)
    if (response.ok) return { answer, etag: response.headers.get('etag') ?? '' }
    const problem = v.safeParse(v.object({ detail: v.string() }), answer)
    throw new ApiError(
      response.status,
      problem.success ? problem.output.detail : `answered ${response.status}`,
    )
  }

  async function all<TSchema extends v.GenericSchema>(
    path: string,
    item: TSchema,
  ): Promise<v.InferOutput<TSchema>[]> {
    const found: v.InferOutput<TSchema>[] = []
    let after: string | undefined
    do {
      const page = v.parse(
        List(item),
        await call('GET', `${path}?count=100${after ? `&after=${after}` : ''}`),
      )
      found.push(...page.data)
      after = page.next
    } while (after)
    return found
  }

  return {
    instances: () => all('/instances', Instance),
    /** Asks an instance what it is, without watching it. @throws ApiError when it can't be watched. */
    checkInstance: (url: URL) => call('POST', '/instances', { url: url.href, dryRun: true }),
    addInstance: async (url: URL, backfill: number) =>
      v.parse(Instance, await call('POST', '/instances', { url: url.href, backfill })),
    instance: async (id: string) => v.parse(Instance, await call('GET', `/instances/${id}`)),
    removeInstance: (id: string) => call('DELETE', `/instances/${id}`),
    pollNow: (id: string) => call('POST', `/instances/${id}/poll`),
    endpoints: () => all('/endpoints', Endpoint),
    addEndpoint: async (url: URL, description: string) =>
      v.parse(CreatedEndpoint, await call('POST', '/endpoints', { url: url.href, description })),
    user: async (id: string) => {
      const { answer, etag } = await request('GET', `/users/${id}`)
      return { ...v.parse(User, answer), etag }
    },
    /** @throws ApiError 412 when the account is no longer what `etag` says. */
    setPassword: (id: string, password: string, etag: string) =>
      request('PUT', `/users/${id}`, { password }, { 'if-match': etag }),
    removeEndpoint: (id: string) => call('DELETE', `/endpoints/${id}`),
  }
}
export type ApiClient = ReturnType<typeof apiClient>
