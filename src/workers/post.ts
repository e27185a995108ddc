/** @module One request to an endpoint: its target checked, its own headers, signed, sent. */
import type { Endpoint } from '../db/endpoints.ts'
import type { Deadlines } from '../http/deadline.ts'
import { targetCheck } from '../http/target-check.ts'
import type { Message } from '../webhooks/formats.ts'
import { type Attempt, type Body, failedAttempt, send } from '../webhooks/send.ts'
import type { Deps } from './deps.ts'
import { secretsOf } from './endpoint-secrets.ts'

export type Posted = Attempt & { responseHeaders: Headers | null }

/** A message as formats write it, or in bytes. */
export type Posting = Omit<Message, 'body'> & { body: Body }

/** What may differ: a handshake has no body, the answer to a challenge is read, and of many each has its time limit. */
type More = { method?: 'POST' | 'OPTIONS'; keepAnswer?: true; deadlines?: Deadlines }

/**
 * Makes one request. Never throws for what goes wrong with it: that is the attempt's error.
 * @param id the `webhook-id`: the same for each attempt of the same body.
 */
export async function post(
  deps: Deps,
  endpoint: Endpoint,
  message: Posting,
  id: string,
  { method = 'POST', keepAnswer, deadlines }: More = {},
): Promise<Posted> {
  const now = deps.clock()
  const failed = (problem: string): Posted => ({ ...failedAttempt(problem, now), responseHeaders: null })
  const secrets = await secretsOf(deps, endpoint)
  if ('problem' in secrets) return failed(secrets.problem)
  const url = message.url ?? endpoint.url
  // Checked when it was made, and again: the rules, or what this Tubewire allows, may have changed since.
  const problem = await targetCheck(deps, new URL(url))
  if (problem) return failed(`the URL ${problem}`)
  const body = method === 'POST' ? message.body : null
  return send(
    {
      fetch: deps.fetch,
      clock: deps.clock,
      timeoutMs: endpoint.timeoutMs ?? deps.config.deliveryTimeoutMs,
      ...(deadlines ? { limit: (milliseconds) => deadlines.set(milliseconds) } : {}),
    },
    {
      url,
      method,
      // What we say ourselves is said last: nobody can take its place.
      headers: {
        ...secrets.headers,
        ...message.headers,
        ...(body === null ? {} : await secrets.sign(id, body, deps.clock())),
      },
      body,
      ...(keepAnswer ? { keepAnswer } : {}),
    },
  )
}
