/** @module The API as its callers meet it. */
import { env, exports } from 'cloudflare:workers'

/** The key that vitest.config.ts gives to the Worker. */
export const KEY = 'the-key-of-the-administrator'

type Answer = {
  status: number
  headers: Headers
  body: Record<string, unknown> & { data: Record<string, unknown>[] }
}

/** Calls the whole Worker, over its fetch handler, as the administrator. @param body an object, or text as it is. */
export async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await exports.default.fetch(`https://tubewire.example/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

/** Forgets what tests before made. */
export async function forgetAll(): Promise<void> {
  await env.DB.batch(
    ['endpoints', 'instances', 'events'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  )
}
