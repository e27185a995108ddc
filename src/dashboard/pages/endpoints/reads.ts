/** @module What these pages ask of the API, where more than one of them asks it. */
import { api, call, type Result, type Schemas } from '../../api.ts'

export type Endpoint = Schemas['Endpoint']
export type Subscription = Schemas['Subscription']
export type Filter = Schemas['Filter']
export type Statistics = DataOf<typeof readStatistics>

type DataOf<TRead extends (...args: never[]) => Promise<Result<unknown>>> = Extract<
  Awaited<ReturnType<TRead>>,
  { ok: true }
>['data']

/** Something as it was read, and the tag by which a change says so (RFC 9110, 13.1.1). */
export type Tagged<TData> = { value: TData; tag: string | null }

/** What a call comes to, with its tag. */
async function tagged<TData>(
  calling: Promise<{ data?: TData; error?: unknown; response: Response }>,
): Promise<Result<Tagged<TData>>> {
  const result = await call(calling)
  if (!result.ok) return result
  const { response } = await calling
  // Who compresses an answer on its way calls the tag weak, and a weak one is never met.
  const tag = response.headers.get('etag')?.replace(/^W\//, '') ?? null
  return { ok: true, data: { value: result.data, tag } }
}

/** The header by which a change is refused when what is changed is no longer what was read. */
export const ifMatch = (tag: string | null) => (tag === null ? {} : { 'If-Match': tag })

/** One endpoint. */
export const readEndpoint = (id: string) =>
  call(api.GET('/api/v1/endpoints/{id}', { params: { path: { id } } }))

/** One endpoint, to be changed. */
export const readEndpointToChange = (id: string) =>
  tagged(api.GET('/api/v1/endpoints/{id}', { params: { path: { id } } }))

/** One subscription, to be changed. */
export const readSubscriptionToChange = (id: string) =>
  tagged(api.GET('/api/v1/subscriptions/{id}', { params: { path: { id } } }))

/** The key under which the statistics of an endpoint are kept. */
export const statisticsKey = (id: string) => `statistics ${id}`

/** How an endpoint did in the last day. */
export const readStatistics = (id: string) =>
  call(api.GET('/api/v1/endpoints/{id}/statistics', { params: { path: { id } } }))

/** What an endpoint is sent: the first hundred of its subscriptions. */
export const readSubscriptions = (endpoint: string) =>
  call(api.GET('/api/v1/subscriptions', { params: { query: { endpoint, count: 100 } } }))

/** Its replays, the newest first. */
export const readReplays = (id: string) =>
  call(api.GET('/api/v1/endpoints/{id}/replays', { params: { path: { id }, query: { count: 10 } } }))
