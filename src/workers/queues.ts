/** @module What the queues deliver: wake-up calls become polls and deliveries. */
import * as v from 'valibot'
import { deliver, invocationSlots } from './deliver.ts'
import type { Deps } from './deps.ts'
import { byGate } from './gates.ts'
import { describeError } from './log.ts'
import { chunks, DeliveryMessage, ENDPOINTS_A_MESSAGE, PollMessage } from './messages.ts'
import { patiently } from './patience.ts'
import { pollInstance } from './poll.ts'
import { type ReplayStep, runReplay } from './replay.ts'

type WaitUntil = (promise: Promise<unknown>) => void

/**
 * A batch is not held up for long by a slow instance: its poll goes on in `waitUntil`, and other instances' messages come in.
 * The platform leaves it 30 s there: with the time before, as long as a visit takes at most, see visit.ts.
 */
const PATIENCE_MS = 5_000

/** Polls the instances of a batch side by side. One that fails soon is retried by the queue, and each by the next tick. */
export async function handlePolls(deps: Deps, batch: MessageBatch, waitUntil: WaitUntil): Promise<void> {
  const running = batch.messages.map((message) => {
    const parsed = v.safeParse(PollMessage, message.body)
    if (!parsed.success) return refuse(deps, message)
    const { instance } = parsed.output
    return pollInstance(deps, instance).catch((error: unknown) => {
      deps.log({ log: 'error', where: 'polling', error: describeError(error), instance })
      message.retry()
    })
  })
  const all = Promise.all(running)
  waitUntil(all)
  await patiently(all, PATIENCE_MS)
}

/** Delivers to the endpoints of a batch together. Its replays hold up nobody: they go on beside that. */
export async function handleDeliveries(deps: Deps, batch: MessageBatch, waitUntil: WaitUntil): Promise<void> {
  const endpoints = new Set<string>()
  const replays: ReplayStep[] = []
  for (const message of batch.messages) {
    const parsed = v.safeParse(DeliveryMessage, message.body)
    if (parsed.success) {
      for (const id of parsed.output.endpoints) endpoints.add(id)
      if (parsed.output.replay) replays.push(parsed.output.replay)
    } else await refuse(deps, message)
  }
  if (replays.length > 0) waitUntil(runReplays(deps, replays))
  const slots = invocationSlots(deps)
  const parts = chunks(byGate(endpoints), ENDPOINTS_A_MESSAGE)
  const done = await Promise.allSettled(parts.map((part) => deliver(deps, waitUntil, part, slots)))
  // All have ended before one that failed makes the queue try its messages again.
  for (const one of done) if (one.status === 'rejected') throw one.reason
}

/** Goes on with replays, one after the other: a page is megabytes. One that fails is gone on with by a tick. */
async function runReplays(deps: Deps, steps: readonly ReplayStep[]): Promise<void> {
  for (const step of steps) {
    try {
      await runReplay(deps, step)
    } catch (error) {
      deps.log({
        log: 'error',
        where: `replay ${step.id}; a tick goes on with it`,
        error: describeError(error),
      })
    }
  }
}

/** A message that is none of ours is not worth a retry; the work it may have meant is found by the next tick. */
async function refuse(deps: Deps, message: Message): Promise<void> {
  deps.log({
    log: 'error',
    where: 'reading a queue message',
    error: 'it has an unknown shape',
    message: message.id,
  })
  message.ack()
}
