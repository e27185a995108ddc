/** @module Where one event went: the deliveries of it to the endpoints of one owner. */
import { DELIVERY_COLUMNS, type DeliveryState } from './delivery-log.ts'
import type { Endpoint } from './endpoints.ts'

/** What of an endpoint is told with a delivery to it. */
type Target = Pick<Endpoint, 'url' | 'description' | 'pausedAt' | 'disabledAt' | 'verifiedAt' | 'heldUntil'>

/** How many are told. */
export const MOST_TARGETS = 200

/** At how many endpoints they are looked for: the newest ones. Only administrators may have more. */
export const MOST_ASKED = 1_000

/**
 * The deliveries of an event, by the age of their endpoints. One statement, that looks for one at each of the owner's newest
 * endpoints: an index of deliveries by events would be a row more for each.
 */
export async function listDeliveriesOf(
  db: D1Database,
  sequence: number,
  ownerId: string,
): Promise<(DeliveryState & { target: Target })[]> {
  const { results } = await db
    .prepare(
      `SELECT ${DELIVERY_COLUMNS}, p.url AS url, p.description AS description, p.paused_at AS pausedAt,
         p.disabled_at AS disabledAt, p.verified_at AS verifiedAt, p.held_until AS heldUntil
       FROM (SELECT * FROM endpoints INDEXED BY endpoints_owner WHERE owner_id = ?2 AND kind = 'webhook'
             ORDER BY created_at DESC, id DESC LIMIT ${MOST_ASKED}) p
       CROSS JOIN deliveries d ON d.endpoint_id = p.id AND d.event_sequence = ?1
       CROSS JOIN events e ON e.sequence = d.event_sequence
       ORDER BY p.created_at, p.id LIMIT ${MOST_TARGETS}`,
    )
    .bind(sequence, ownerId)
    .all<DeliveryState & Target>()
  return results.map(({ url, description, pausedAt, disabledAt, verifiedAt, heldUntil, ...delivery }) => ({
    ...delivery,
    target: { url, description, pausedAt, disabledAt, verifiedAt, heldUntil },
  }))
}
