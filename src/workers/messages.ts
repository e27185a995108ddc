/** @module What the queues carry: wake-up calls with ids. Lost, doubled, late or reordered, they change nothing but time. */
import * as v from 'valibot'
import { byGate } from './gates.ts'
import { describeError, type Log } from './log.ts'

/** The queues by their names in wrangler.toml. */
export const POLL_QUEUE = 'tubewire-poll'
export const DELIVERY_QUEUE = 'tubewire-delivery'

/** Poll what is due on this instance. */
export const PollMessage = v.object({ instance: v.string() })
export type PollMessage = v.InferOutput<typeof PollMessage>

/** Deliver what is due at these endpoints, or go on with a replay from this revision. */
export const DeliveryMessage = v.object({
  endpoints: v.array(v.string()),
  replay: v.optional(v.object({ id: v.string(), revision: v.number() })),
})
export type DeliveryMessage = v.InferOutput<typeof DeliveryMessage>

/**
 * Endpoints of a message, and of a round, which costs two calls of the database. Ids are short: two hundred of them are some 6 KB of
 * the 128 KB that a message may have.
 */
export const ENDPOINTS_A_MESSAGE = 200
/** `sendBatch` takes a hundred messages at once, but no more than 256 KB. */
const MESSAGES_A_BATCH = 25

/** Wakes polls, each of an instance after so many whole seconds. */
export async function wakePolls(
  queue: Queue<PollMessage>,
  polls: readonly { instanceId: string; delaySeconds: number }[],
): Promise<void> {
  await sendAll(
    queue,
    polls.map(({ instanceId, delaySeconds }) => ({ body: { instance: instanceId }, delaySeconds })),
  )
}

/** Wakes deliveries to these endpoints. */
export async function wakeDeliveries(
  queue: Queue<DeliveryMessage>,
  endpoints: readonly string[],
): Promise<void> {
  await wakeDeliveriesAt(queue, new Map(endpoints.map((id) => [id, 0])), 0)
}

/** Wakes deliveries to these endpoints, each at its time. @param at times in milliseconds since the epoch. */
export async function wakeDeliveriesAt(
  queue: Queue<DeliveryMessage>,
  at: ReadonlyMap<string, number>,
  now: number,
): Promise<void> {
  const byDelay = Map.groupBy(at.keys(), (id) => Math.max(0, Math.ceil(((at.get(id) ?? now) - now) / 1000)))
  const messages = Array.from(byDelay, ([delaySeconds, ids]) =>
    chunks(byGate(ids), ENDPOINTS_A_MESSAGE).map((endpoints) => ({ body: { endpoints }, delaySeconds })),
  )
  await sendAll(queue, messages.flat())
}

/** Goes on with replays, each from its revision, after so many whole seconds. */
export async function wakeReplays(
  queue: Queue<DeliveryMessage>,
  replays: readonly { id: string; revision: number }[],
  delaySeconds = 0,
): Promise<void> {
  await sendAll(
    queue,
    replays.map(({ id, revision }) => ({ body: { endpoints: [], replay: { id, revision } }, delaySeconds })),
  )
}

async function sendAll<TMessage>(
  queue: Queue<TMessage>,
  messages: readonly { body: TMessage; delaySeconds: number }[],
): Promise<void> {
  await allOf(chunks(messages, MESSAGES_A_BATCH).map((part) => queue.sendBatch(part)))
}

/** Waits for all: one that fails must not keep the others from being sent. @throws Error that says how many were not. */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work)
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  const [cause] = failures
  if (failures.length === 0) return
  const reason = cause instanceof Error ? cause.message : String(cause)
  throw new Error(`${failures.length} of ${work.length} batches of messages were not sent: ${reason}`, {
    cause,
  })
}

/**
 * Sees a wake-up through, or logs that it failed: what is due is in D1, and the next tick wakes it.
 * @param what was to be woken.
 */
export async function tolerating(
  log: Log,
  what: 'polls' | 'deliveries' | 'replays' | 'streams',
  waking: Promise<void>,
): Promise<void> {
  try {
    await waking
  } catch (error) {
    log({ log: 'error', where: `waking ${what}; the next tick will`, error: describeError(error) })
  }
}

/** A list in parts of at most `size` items. */
export function chunks<TItem>(items: readonly TItem[], size: number): TItem[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size))
}
