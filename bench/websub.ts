/** @module How long something new takes to all subscribers of a feed at the hub, beside a loop that POSTs them the same bytes. */

import { encryptSecret } from '../src/secrets.ts'
import { writeHubSecret } from '../src/webhooks/hub-signature.ts'
import { bareSeconds, FAN_OUT, fanOutRatio, fanOutUrls } from './fan-out.ts'
import type { Figure } from './figures.ts'
import type { Measured } from './harness.ts'
import { withReceivers } from './subscribed.ts'
import { makeFeed } from './videos-feed.ts'

const CONCURRENCY = 50
const TARGET = 2.2

/** The figures of the hub: all subscribers have a secret, and are sent the whole feed of 50 entries, signed. */
export async function webSubFigures(): Promise<Figure[]> {
  return withReceivers({ DELIVERY_CONCURRENCY: String(CONCURRENCY) }, async (measured, { url }) => {
    const { id, slug } = await makeFeed(measured)
    const topic = new URL(`/feeds/${slug}.atom`, measured.url).href
    await subscribe(measured, { feedId: id, topic }, fanOutUrls(url))
    const body = await (await measured.open(topic)).text()
    const bare = () => bareSeconds(measured, { url, count: FAN_OUT, lanes: CONCURRENCY, body })
    return fanOutRatio(measured, { name: 'websub.fanout', target: TARGET, bare })
  })
}

/** Subscribes each callback, as the hub does once it is confirmed. */
async function subscribe(
  { db, encryptionKeys }: Measured,
  { feedId, topic }: { feedId: string; topic: string },
  callbacks: readonly string[],
): Promise<void> {
  const subscribers = await Promise.all(
    callbacks.map(async (callback, index) => {
      const secret = writeHubSecret({ secret: `secret ${index}`, algorithm: 'sha256' })
      return { id: `ep_${index}`, callback, secret: await encryptSecret(encryptionKeys, secret, callback) }
    }),
  )
  const parameter = JSON.stringify(subscribers)
  await db.batch([
    db
      .prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, verified_at, format, batch_size, batch_ms,
           ordering, kind)
         SELECT value ->> 'id', owner_id, value ->> 'callback', '', value ->> 'secret', 0, 0, 'websub', 100, 0, 'endpoint', 'websub'
         FROM json_each(?) CROSS JOIN feeds WHERE feeds.id = ?`,
      )
      .bind(parameter, feedId),
    db
      .prepare(
        `INSERT INTO hub_subscriptions (endpoint_id, feed_id, topic, format, callback, lease_expires_at)
         SELECT value ->> 'id', ?, ?, 'atom', value ->> 'callback', ? FROM json_each(?)`,
      )
      .bind(feedId, topic, Number.MAX_SAFE_INTEGER, parameter),
  ])
}
