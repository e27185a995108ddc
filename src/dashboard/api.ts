/** @module The public API, as everybody has it: the generated types, and errors as values. */
import createClient from 'openapi-fetch'
import type { components, paths } from '../../clients/typescript/tubewire.d.ts'

export type Schemas = components['schemas']
/** What a key may be allowed. */
export type Scope =
  paths['/api/v1/api-keys']['post']['requestBody']['content']['application/json']['scopes'][number]

/** Why something was not done, in the API's words. */
export type Failure = {
  /** Of HTTP; 0: there was no answer. */
  status: number
  /** The end of its type, such as `session_superseded`; empty when the status says it all. */
  code: string
  /** What is wrong, and the way out. Text of the server. */
  detail: string
  /** What is wrong with each parameter, by its name. */
  params: Readonly<Record<string, string>>
  /** In the server's log. */
  requestId: string | null
}

export type Result<TData> = { ok: true; data: TData } | { ok: false; failure: Failure }

/** How long a read waits by itself when it was one too many; what asks for more time than that is told to the reader. */
const MOST_PATIENT_SECONDS = 12

/** What says that the session is over: of another 401 the request is at fault, such as a wrong password at its change. */
const SESSION_ENDS: ReadonlySet<string> = new Set([
  'unauthorized_request',
  'invalid_token',
  'session_superseded',
])

/** Told of each answer that says that the session is over. */
type Listener = (failure: Failure) => void
const listeners = new Set<Listener>()

/** @returns what ends the listening. */
export function onSessionEnd(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The client. Its calls are given to `call`. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: patientFetch })

/** A read that was one too many is made again when the API says so. */
async function patientFetch(request: Request): Promise<Response> {
  const response = await fetch(request.clone())
  if (response.status !== 429 || request.method !== 'GET') return response
  const seconds = retryAfterSeconds(response)
  if (seconds === null || seconds > MOST_PATIENT_SECONDS) return response
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  return fetch(request)
}

/** What `Retry-After` of an answer says, of this API in seconds. Null: nothing. */
export function retryAfterSeconds(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return seconds >= 0 ? seconds : null
}

/**
 * What a call of the client comes to.
 * @param calling what `api.GET(…)` and so on return.
 */
export async function call<TData>(
  calling: Promise<{ data?: TData; error?: unknown; response: Response }>,
): Promise<Result<TData>> {
  try {
    const { data, error, response } = await calling
    // Answers without a body have no data: their type says so, too.
    if (response.ok) return { ok: true, data: data as TData }
    const failure = failureOf(response, error)
    if (SESSION_ENDS.has(failure.code)) for (const listener of listeners) listener(failure)
    return { ok: false, failure }
  } catch (error) {
    return { ok: false, failure: noAnswer(error) }
  }
}

/** There was no answer, or none that can be read. */
export function noAnswer(error: unknown): Failure {
  const detail = error instanceof Error ? error.message : String(error)
  return { status: 0, code: 'no_answer', detail, params: {}, requestId: null }
}

/** @param body the parsed answer, if it was JSON; otherwise text, or nothing. */
export function failureOf(response: Response, body: unknown): Failure {
  const problem: Readonly<Record<string, unknown>> =
    typeof body === 'object' && body !== null ? { ...body } : {}
  const { detail, title, type, 'invalid-params': invalid } = problem
  return {
    status: response.status,
    code: typeof type === 'string' ? (/[^/#]+$/.exec(type)?.[0] ?? '').replace('about:blank', '') : '',
    detail: [detail, title, response.statusText].find(isText) ?? `HTTP ${response.status}`,
    params: messagesOf(invalid),
    requestId: response.headers.get('x-request-id'),
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function messagesOf(invalid: unknown): Record<string, string> {
  if (typeof invalid !== 'object' || invalid === null) return {}
  return Object.fromEntries(
    Object.entries(invalid).flatMap(([name, param]: [string, unknown]) => {
      const msg = typeof param === 'object' && param !== null && 'msg' in param ? param.msg : undefined
      return isText(msg) ? [[name, msg]] : []
    }),
  )
}
