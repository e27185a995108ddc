/** @module Requests to an endpoint that are no deliveries: whether it wants this at all, and a test. */
import { timingSafeEqual } from 'node:crypto'
import type { Endpoint } from '../db/endpoints.ts'
import { newId } from '../db/id.ts'
import { exampleOf } from '../events/catalogue.ts'
import type { EventType } from '../events/types.ts'
import { parseJson } from '../http/json.ts'
import { type Format, greeting, isChat, type Message, render, renderBatch } from '../webhooks/formats.ts'
import { afterAnswer, reserve } from '../webhooks/pace.ts'
import type { Attempt } from '../webhooks/send.ts'
import { enterGate, leaveGate } from './delivery-gate.ts'
import type { Deps } from './deps.ts'
import { tolerating, wakeDeliveries } from './messages.ts'
import { type Posted, post } from './post.ts'

/** As long as an endpoint may take to answer, and a little. */
const LEASE_MS = 45_000
/** Whoever waits for the answer of the API waits for no longer than this until the request is begun. */
const PATIENCE_MS = 5_000
const STEP_MS = 250

/** Why nothing was sent, for so long: it asked for a pause, it is being sent to, or its limit lets nothing through. */
export type Busy = { kind: 'busy'; why: 'held' | 'sending' | 'limit'; waitMs: number }

/** What came of asking a target: that it wants this, and at which rate, requests a second; or why it is not taken for a yes. */
export type Verification = { rateLimit: number | null } | { problem: string }

/**
 * Asks the target of an endpoint whether it wants to be sent to: nobody is to be made to receive what he did not ask for.
 *
 * Where people read it a short greeting must be answered 2xx. CloudEvents' handshake (HTTP 1.1 Web Hooks for Event Delivery, 4)
 * is honoured. All others are sent a challenge, signed, which a 2xx must give back: as JSON `{"challenge": …}`, or as it is.
 *
 * @param origin where this Tubewire is reached: what the handshake names.
 */
export async function verifyTarget(
  deps: Deps,
  { timeoutMs, ...rest }: Endpoint,
  origin: string,
): Promise<Verification | Busy> {
  const endpoint = {
    ...rest,
    timeoutMs: Math.min(timeoutMs ?? deps.config.deliveryTimeoutMs, MAX_TIMEOUT_MS),
  }
  const format = endpoint.format as Format
  return inTurn(deps, endpoint, async () => {
    if (isChat(format))
      return outcomeOf(await post(deps, endpoint, greeting(format, optionsOf(deps, endpoint)), newId('ver')))
    if (format === 'cloudevents' || format === 'cloudevents-binary') {
      const allowed = await shakeHands(deps, endpoint, new URL(origin).host)
      if (allowed) return { answer: allowed.posted, result: { rateLimit: allowed.rateLimit } }
    }
    return challenge(deps, endpoint)
  })
}

function outcomeOf(answer: Posted): { answer: Attempt; result: Verification } {
  return { answer, result: answer.error === null ? { rateLimit: null } : { problem: answer.error } }
}

async function challenge(deps: Deps, endpoint: Endpoint): Promise<{ answer: Attempt; result: Verification }> {
  const expected = newId('chl')
  const message: Message = {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'endpoint.verification',
      timestamp: new Date(deps.clock()).toISOString(),
      data: { challenge: expected, endpoint: endpoint.id },
    }),
  }
  const answer = await post(deps, endpoint, message, newId('ver'), { keepAnswer: true })
  if (answer.error !== null) return outcomeOf(answer)
  const isEchoed = isSame(challengeIn(answer.answer ?? ''), expected)
  return isEchoed
    ? { answer, result: { rateLimit: null } }
    : { answer, result: { problem: `answered ${answer.status}, and did not give the challenge back` } }
}

/** The challenge that an answer gives back: in JSON, or alone. */
function challengeIn(text: string): string {
  const parsed = parseJson(text)
  const value = parsed.ok ? parsed.value : text.trim()
  if (typeof value === 'string') return value
  const given = value && typeof value === 'object' ? Reflect.get(value, 'challenge') : null
  return typeof given === 'string' ? given : ''
}

function isSame(one: string, other: string): boolean {
  const encoder = new TextEncoder()
  const [a, b] = [encoder.encode(one), encoder.encode(other)]
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}

/** What the handshake asks for, requests a minute: the target may say another number. */
const WANTED_A_MINUTE = 600

/** CloudEvents' handshake. @returns null when the target does not give leave in this way. */
async function shakeHands(
  deps: Deps,
  endpoint: Endpoint,
  host: string,
): Promise<{ posted: Posted; rateLimit: number | null } | null> {
  const headers = { 'webhook-request-origin': host, 'webhook-request-rate': String(WANTED_A_MINUTE) }
  const posted = await post(deps, endpoint, { headers, body: '' }, newId('ver'), { method: 'OPTIONS' })
  const origin = posted.responseHeaders?.get('webhook-allowed-origin')?.trim().toLowerCase()
  if (posted.error !== null || (origin !== '*' && origin !== host.toLowerCase())) return null
  const rate = posted.responseHeaders?.get('webhook-allowed-rate')?.trim() ?? '*'
  // A number of requests a minute, or any: what is neither is no number.
  const aMinute = /^[1-9]\d{0,8}$/.test(rate) ? Number(rate) : null
  return { posted, rateLimit: aMinute === null ? null : Math.min(1_000, aMinute / 60) }
}

/** Sends the example of a type, as it would be sent if it happened now. Its id begins with `evt_test_`. */
export async function sendTest(deps: Deps, endpoint: Endpoint, type: EventType): Promise<Attempt | Busy> {
  // It asked to be left alone. Of one that is broken the owner may want to see whether it still is.
  const heldMs = endpoint.brokenSince === null ? endpoint.heldUntil - deps.clock() : 0
  if (heldMs > 0) return { kind: 'busy', why: 'held', waitMs: heldMs }
  const format = endpoint.format as Format
  const now = deps.clock()
  const id = newId('evt_test')
  const event = { ...exampleOf(type), id, timestamp: new Date(now).toISOString() }
  const options = optionsOf(deps, endpoint)
  // A batch has an id of its own, which is the webhook's.
  const webhookId = endpoint.batchSize === null ? id : `batch_${id}`
  const message =
    endpoint.batchSize === null
      ? render(format, event, options)
      : renderBatch(format, [event], { id: webhookId, now }, options)
  return inTurn(deps, endpoint, async () => {
    const answer = await post(deps, endpoint, message, webhookId)
    return { answer, result: answer }
  })
}

function optionsOf({ config }: Deps, { payload, url }: Endpoint) {
  return { payload, url, eventUrl: (id: string) => `${config.publicUrl ?? ''}/api/v1/events/${id}` }
}

/** Somebody waits for the answer of the API, and the platform for no longer than 30 s: of CloudEvents these are two requests. */
const MAX_TIMEOUT_MS = 10_000

/** Does something with an endpoint while nobody else does, and within its limit. */
async function inTurn<TResult>(
  deps: Deps,
  { id, rateLimit }: Endpoint,
  work: () => Promise<{ answer: Attempt; result: TResult }>,
): Promise<TResult | Busy> {
  const { DELIVERY_GATE } = deps.env
  const holder = newId('run')
  for (let waited = 0; waited <= PATIENCE_MS; waited += STEP_MS) {
    const { entered, failed } = await enterGate(DELIVERY_GATE, holder, [id], LEASE_MS, deps.clock())
    const [failure] = failed
    if (failure) throw failure.error
    const before = entered.get(id)
    if (before) {
      const { waitMs, pace } = reserve(before, rateLimit, deps.clock())
      let now = before
      try {
        if (waitMs > PATIENCE_MS) return { kind: 'busy', why: 'limit', waitMs }
        now = pace
        if (waitMs > 0) await deps.pause(waitMs)
        const { answer, result } = await work()
        const { startedAt, durationMs, status, error } = answer
        now = afterAnswer(now, {
          status,
          isSuccess: error === null,
          startedAt,
          endedAt: startedAt + durationMs,
        })
        return result
      } finally {
        const { missed } = await leaveGate(DELIVERY_GATE, holder, [{ id, pace: now }])
        // A run that found it taken will not come again.
        await tolerating(deps.log, 'deliveries', wakeDeliveries(deps.env.DELIVERY_QUEUE, missed))
      }
    }
    await deps.pause(STEP_MS)
  }
  return { kind: 'busy', why: 'sending', waitMs: PATIENCE_MS }
}
