/** @module Endpoints that want everything, put into the database of a Worker by SQL: for tests and figures of very many. */
import { encryptSecret, type KeyRing } from '../../src/secrets.ts'
import { newSecret } from '../../src/webhooks/signature.ts'

const OWNER = 'usr_administrator'

/** Makes an endpoint for each URL, named `ep_0` and so on, which is sent all events. @returns their ids. */
export async function subscribeAll(
  db: D1Database,
  ring: KeyRing,
  urls: readonly string[],
): Promise<string[]> {
  const endpoints = await Promise.all(
    urls.map(async (url, index) => {
      const id = `ep_${index}`
      return { id, url, secret: await encryptSecret(ring, newSecret(), id) }
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
