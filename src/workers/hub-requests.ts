/** @module Sees through what the hub was asked for: asks subscribers whether they want it (W3C WebSub, 5.3), and tells denials (5.2). */
import {
  confirmSubscription,
  deferHubRequest,
  endLeases,
  endSubscription,
  forgetHubRequest,
  type HubRequest,
  takeHubRequests,
} from '../db/hub.ts'
import { newId } from '../db/id.ts'
import { readTopic } from '../feeds/urls.ts'
import { targetCheck } from '../http/target-check.ts'
import { newToken } from '../tokens.ts'
import { type Attempt, failedAttempt, send } from '../webhooks/send.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'

/** A tick asks so many subscribers; the rest is the next tick's. */
const REQUESTS_A_TICK = 20
/** At once: the platform has six connections, and whoever hangs must not use up the time of the others. */
const AT_ONCE = 5
/** As long as an answer may take, and a little: whoever took a request and died leaves it to somebody else. */
const TAKEN_MS = 60_000
/** When a subscriber that did not answer, or answered 5xx, is asked again. */
const AGAIN_MS = [60_000, 600_000]
/** Subscriptions that one statement ends. */
const LEASES = 1_000

/** Sees through what is due of what the hub was asked for, and ends subscriptions whose lease is over. */
export async function runHub(deps: Deps): Promise<void> {
  const now = deps.clock()
  await endLeases(deps.env.DB, now, LEASES)
  const taken = { now, until: now + TAKEN_MS, limit: REQUESTS_A_TICK }
  const requests = await takeHubRequests(deps.env.DB, taken)
  const waiting = [...requests]
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await seeThrough(deps, next)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

/** The same for one request, at once. */
export async function runHubRequest(deps: Deps, id: string): Promise<void> {
  const now = deps.clock()
  const [request] = await takeHubRequests(deps.env.DB, { now, until: now + TAKEN_MS, limit: 1, id })
  if (request) await seeThrough(deps, request)
}

async function seeThrough(deps: Deps, request: HubRequest): Promise<void> {
  const { id, mode, attempts } = request
  const { DB } = deps.env
  try {
    const challenge = newToken()
    const answer = await ask(deps, request, challenge)
    deps.log({
      log: 'hub',
      mode,
      topic: request.topic,
      callback: new URL(request.callback).origin,
      status: answer.status,
      ...(answer.error === null ? {} : { detail: answer.error }),
    })
    // "The subscriber's response body MUST be the challenge": whatever else a 2xx says is no.
    const isConfirmed = answer.error === null && (mode === 'denied' || answer.answer === challenge)
    if (isConfirmed) return await conclude(deps, request)
    const isPassing = answer.status === null || answer.status >= 500
    const pause = isPassing ? AGAIN_MS[attempts - 1] : undefined
    if (pause === undefined) await forgetHubRequest(DB, id)
    else await deferHubRequest(DB, id, deps.clock() + pause)
  } catch (error) {
    // It comes again, when whoever took it has had his time.
    deps.log({ log: 'error', where: `the hub, ${mode}`, error: describeError(error) })
  }
}

/** A GET of the callback, with parameters at the end of its query, which is kept as it is ("preserve the query string"). */
async function ask(
  deps: Deps,
  { mode, topic, callback, leaseSeconds, reason }: HubRequest,
  challenge: string,
): Promise<Attempt> {
  const url = new URL(callback)
  const problem = await targetCheck(deps, url)
  if (problem !== null) return failedAttempt(`the callback ${problem}`, deps.clock())
  const parameters = new URLSearchParams({
    'hub.mode': mode,
    'hub.topic': topic,
    ...(mode === 'denied' ? { 'hub.reason': reason ?? '' } : { 'hub.challenge': challenge }),
    ...(mode === 'subscribe' ? { 'hub.lease_seconds': String(leaseSeconds) } : {}),
  })
  const { fetch, clock, config } = deps
  return send(
    { fetch, clock, timeoutMs: config.deliveryTimeoutMs },
    {
      url: withParameters(callback, parameters),
      method: 'GET',
      headers: {},
      body: null,
      keepAnswer: true,
    },
  )
}

/** A URL with more parameters after its own. What is there stays as it was written. */
function withParameters(url: string, parameters: URLSearchParams): string {
  const { search } = new URL(url)
  const isBare = search === '' && !url.includes('?')
  return `${url}${isBare ? '?' : url.endsWith('?') || url.endsWith('&') ? '' : '&'}${parameters}`
}

/** Does what was confirmed. */
async function conclude(deps: Deps, request: HubRequest): Promise<void> {
  const { id, mode, topic, callback, leaseSeconds, secret } = request
  const { DB } = deps.env
  if (mode === 'denied') return forgetHubRequest(DB, id)
  if (mode === 'unsubscribe') {
    await endSubscription(DB, request)
    return
  }
  const named = readTopic(topic)
  if (!named || secret === null) return forgetHubRequest(DB, id)
  const now = deps.clock()
  await confirmSubscription(DB, {
    requestId: id,
    endpointId: newId('ep'),
    slug: named.slug,
    topic,
    format: named.format,
    callback,
    leaseExpiresAt: now + leaseSeconds * 1_000,
    secret,
    createdAt: now,
  })
}
