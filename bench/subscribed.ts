/** @module What the figures of deliveries share: endpoints that want everything, somebody who answers, and waiting for the end. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { exampleOf } from '../src/events/catalogue.ts'
import { encryptSecret } from '../src/secrets.ts'
import { newSecret } from '../src/webhooks/signature.ts'
import type { Produce } from './deliver-worker.ts'
import { type Measured, startMeasured } from './harness.ts'

const OWNER = 'usr_administrator'

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

/** Makes an endpoint for each URL, named `ep_0` and so on, which is sent all events. @returns their ids. */
export async function subscribeAll(
  { db, encryptionKeys }: Measured,
  urls: readonly string[],
): Promise<string[]> {
  const endpoints = await Promise.all(
    urls.map(async (url, index) => {
      const id = `ep_${index}`
      return { id, url, secret: await encryptSecret(encryptionKeys, newSecret(), id) }
    }),
  )
  await db.batch([
    db
      .prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, verified_at)
         SELECT value ->> 'id', '${OWNER}', value ->> 'url', '', value ->> 'secret', 0, 0 FROM json_each(?)`,
      )
      .bind(JSON.stringify(endpoints)),
    db.prepare(
      `INSERT INTO subscriptions (id, owner_id, endpoint_id, created_at) SELECT 'sub_' || id, owner_id, id, 0 FROM endpoints`,
    ),
    db.prepare(`INSERT INTO subscription_keys SELECT '*', '', '', id FROM subscriptions`),
  ])
  return endpoints.map(({ id }) => id)
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
