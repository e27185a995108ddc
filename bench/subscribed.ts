/** @module What the figures of deliveries share: endpoints that want everything, somebody who answers, and waiting for the end. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { exampleOf } from '../src/events/catalogue.ts'
import { subscribeAll as insertAll } from '../test/support/subscribe-all.ts'
import type { Produce } from './deliver-worker.ts'
import { type Measured, startMeasured } from './harness.ts'

/** Where receivers are, in a process of its own, so that it has a core of its own: see bench/receiver.ts. */
export type Receivers = { url: string; hanging: string; failing: string }

/** Does something with a Tubewire on fresh data, and with receivers. @param vars as of `startMeasured`. */
export async function withReceivers<TResult>(
  vars: Readonly<Record<string, string>>,
  work: (measured: Measured, receivers: Receivers) => Promise<TResult>,
): Promise<TResult> {
  const measured = await startMeasured(vars)
  const process = fork(join(import.meta.dirname, 'receiver.ts'))
  try {
    // What bench/receiver.ts sends first.
    const [receivers] = (await once(process, 'message')) as [Receivers]
    return await work(measured, receivers)
  } finally {
    process.kill()
    await measured.stop()
  }
}

/** See test/support/subscribe-all.ts. */
export function subscribeAll({ db, encryptionKeys }: Measured, urls: readonly string[]): Promise<string[]> {
  return insertAll(db, encryptionKeys, urls)
}

/** Commits events as a poll does, and wakes their deliveries. Settles when the last is committed. */
export async function produce(
  { call }: Measured,
  work: Omit<Produce, 'event' | 'instances'>,
  instances?: string[],
): Promise<void> {
  const { type, instance, data } = exampleOf('video.published')
  const event = { type, instance, subject: data.video.uuid, ownerId: null, seenAt: 0, data }
  await call('/produce', { ...work, event, instances: instances ?? [instance] } satisfies Produce)
}

/** Settles when nothing is owed any more, but to those endpoints that are not well. */
export async function allDelivered({ call }: Measured, unwell: readonly string[] = []): Promise<void> {
  await call('/all-delivered', unwell)
}
