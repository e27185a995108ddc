/** @module How a delivery is, in a word. */
import type { Schemas } from '../api.ts'
import { t } from '../texts/index.ts'
import { Badge, type Tone } from './badge.tsx'

type Delivery = Schemas['Delivery']

const TONES = {
  pending: 'busy',
  delivered: 'good',
  failed: 'bad',
  skipped: 'plain',
} as const satisfies Record<Delivery['state'], Tone>

/** One that was tried and waits is not well: it says so. */
export function DeliveryBadge({
  delivery: { state, attempts, error },
}: {
  delivery: Pick<Delivery, 'state' | 'attempts' | 'error'>
}) {
  if (state === 'pending' && attempts > 0 && error !== null)
    return <Badge tone="warn">{t.deliveries.states.retried}</Badge>
  // A state that is newer than this page is called as the API calls it.
  return <Badge tone={TONES[state] ?? 'plain'}>{t.deliveries.states[state] ?? state}</Badge>
}
