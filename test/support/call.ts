/** @module The API as its callers meet it. */
import { env, exports } from 'cloudflare:workers'
import { api } from '../../src/api/app.ts'
import { type Deps, dependencies } from '../../src/workers/deps.ts'
import { expectDocumented } from './documented.ts'

/** The key that vitest.config.ts gives to the Worker. */
export const KEY = 'the-key-of-the-administrator'

const ORIGIN = 'https://tubewire.example'

export type Answer = {
  status: number
  headers: Headers
  body: Record<string, unknown> & { data: Record<string, unknown>[] }
}

/**
 * Calls the API as the Worker has it, as the administrator. What goes on after the answer is over when this returns.
 * @param body an object, or text as it is.
 */
export async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const all = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers }
  const deps = { ...dependencies(env), pause: async () => undefined }
  return readAnswer(await sendTo(deps, method, `/api/v1${path}`, all, body))
}

/** Sends a request to the whole Worker, with these headers only. @param path from the root. */
export async function send(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<Response> {
  return documented(new Request(`${ORIGIN}${path}`, init(method, headers, body)), (request) =>
    exports.default.fetch(request),
  )
}

/** Sends a request to an API with other parts than the Worker's: a turned clock, a broken database. */
export async function sendTo(
  deps: Deps,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<Response> {
  const background: Promise<unknown>[] = []
  const app = api(deps, (promise) => background.push(promise))
  const response = await documented(new Request(`${ORIGIN}${path}`, init(method, headers, body)), app.fetch)
  // Until it is done too, so that a test sees what it did.
  await Promise.all(background)
  return response
}

const PLENTY = { requests: 1_000_000, windowMs: 1_000 }

/** Deps with limits that nobody reaches, and open registration: for tests of something else. */
export function generous(deps: Deps): Deps {
  const limits = { api: PLENTY, token: PLENTY, register: PLENTY, verifyEmail: PLENTY }
  return { ...deps, config: { ...deps.config, signup: 'open', limits } }
}

/** An answer with its JSON. */
export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

function init(method: string, headers: Record<string, string>, body: unknown): RequestInit {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  // A redirect is an answer, and not to be followed.
  return { method, headers, redirect: 'manual', ...(text === undefined ? {} : { body: text }) }
}

async function documented(
  request: Request,
  fetch: (request: Request) => Promise<Response>,
): Promise<Response> {
  const { method, url } = request
  const response = await fetch(request)
  const isEndless = response.status === 101 || response.headers.get('content-type') === 'text/event-stream'
  expectDocumented(method, url, response, isEndless ? '' : await response.clone().text())
  return response
}

/** Forgets what tests before made. */
export async function forgetAll(): Promise<void> {
  await env.DB.batch(
    [
      'feeds',
      'consumers',
      'endpoints',
      'instances',
      'events',
      'api_keys',
      'mails',
      'idempotency_keys',
      'sessions',
      'sign_in_links',
    ].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  )
  await env.DB.batch([
    env.DB.prepare("DELETE FROM users WHERE id <> 'usr_administrator'"),
    env.DB.prepare('UPDATE users SET blocked_at = NULL, blocked_reason = NULL'),
  ])
}
