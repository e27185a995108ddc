/**
 * @module `Idempotency-Key` on POST: a request that is sent again, because its answer was lost, is answered again and not
 * done again. For a day, a key stands for one request of one caller.
 */
import { Buffer } from 'node:buffer'
import { beginIdempotent, finishIdempotent, forgetIdempotent } from '../../db/idempotency.ts'
import { decryptSecret, encryptSecret } from '../../secrets.ts'
import type { Deps } from '../../workers/deps.ts'
import { describeError } from '../../workers/log.ts'
import { Problem } from '../problem.ts'
import { type Caller, callerId } from './caller.ts'

/** What a key may be: up to 255 visible letters. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

type Once = { deps: Deps; caller: Caller; key: string; request: Request; body: string }

/**
 * Answers a request once for its key.
 * @param answer does it.
 * @throws Problem 422 when the key came with another request, 409 while its first request is being answered, or when that
 * one was interrupted or its answer can't be read any more: it is not done again.
 */
export async function answerOnce(once: Once, answer: () => Promise<Response>): Promise<Response> {
  const { deps, key } = once
  const caller = callerId(once.caller)
  const { pathname, search } = new URL(once.request.url)
  const fingerprint = await sign(deps, `${once.request.method} ${pathname}${search}\n${once.body}`)
  const begun = await beginIdempotent(deps.env.DB, { caller, key, fingerprint, now: deps.clock() })
  switch (begun.kind) {
    case 'other-body':
      throw new Problem(
        'idempotency_other_request',
        `The Idempotency-Key ${key} came with another request before`,
      )
    case 'in-progress':
      throw new Problem(
        'idempotency_in_progress',
        `A request with the Idempotency-Key ${key} is being answered`,
        {
          headers: { 'retry-after': '1' },
        },
      )
    case 'interrupted':
      throw new Problem(
        'idempotency_interrupted',
        `A request with the Idempotency-Key ${key} was interrupted: see whether it was done, and use another key`,
      )
    case 'done':
      return (await replay(deps, `${caller} ${key}`, begun.status, begun.answer)) ?? refuseUnreadable(key)
    case 'begun':
  }
  let response: Response
  try {
    response = await answer()
  } catch (error) {
    // Every problem is a refusal, a 503 too: free to be tried again. What failed otherwise may have been done nevertheless: it is
    // left as interrupted.
    if (error instanceof Problem)
      await tolerated(deps, 'freeing an Idempotency-Key', () =>
        forgetIdempotent(deps.env.DB, { caller, key }),
      )
    throw error
  }
  // It was done, and this answer may hold what is shown once: the caller gets it, whether it could be kept or not.
  const kept = response.clone()
  await tolerated(deps, 'keeping an answer for its Idempotency-Key', async () => {
    const packed = await pack(deps, `${caller} ${key}`, kept)
    await finishIdempotent(deps.env.DB, { caller, key, status: kept.status, answer: packed })
  })
  return response
}

/** It was done, and how it was answered is lost. */
function refuseUnreadable(key: string): never {
  throw new Problem(
    'idempotency_interrupted',
    `The answer to the Idempotency-Key ${key} can not be read any more: see what was done, and use another key`,
  )
}

/** @returns what the work does; null when it fails, which the log has. */
async function tolerated<T>(deps: Deps, where: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    deps.log({ log: 'error', where, error: describeError(error) })
    return null
  }
}

/** Encrypted: an answer may hold what is shown once. */
async function pack(deps: Deps, owner: string, response: Response): Promise<string> {
  const kept = { headers: [...response.headers], body: await response.text() }
  return encryptSecret(deps.config.encryptionKeys, JSON.stringify(kept), owner)
}

/** The answer again; null when it can't be read any more: its key has left ENCRYPTION_KEYS. */
async function replay(deps: Deps, owner: string, status: number, answer: string): Promise<Response | null> {
  const text = await tolerated(deps, 'reading the answer of an Idempotency-Key', () =>
    decryptSecret(deps.config.encryptionKeys, answer, owner),
  )
  if (text === null) return null
  // `pack` wrote it.
  const { headers, body } = JSON.parse(text) as { headers: [string, string][]; body: string }
  const replayed = new Headers(headers)
  replayed.set('idempotency-replayed', 'true')
  return new Response(body === '' ? null : body, { status, headers: replayed })
}

/** Keyed: a body may hold a password, and a plain digest of it could be tried out. */
async function sign({ config }: Deps, text: string): Promise<string> {
  const bytes = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', bytes.encode(config.adminKey), algorithm, false, ['sign'])
  return Buffer.from(await crypto.subtle.sign('HMAC', key, bytes.encode(text))).toString('base64url')
}
