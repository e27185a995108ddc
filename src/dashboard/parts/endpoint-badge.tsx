/** @module How an endpoint is, in a word. */
import type { Schemas } from '../api.ts'
import { t } from '../texts/index.ts'
import { Badge, type Tone } from './badge.tsx'

const TONES = {
  active: 'good',
  pending: 'busy',
  broken: 'bad',
  disabled: 'bad',
  paused: 'plain',
} as const satisfies Record<Schemas['Endpoint']['state'], Tone>

/** One that is sent to still, and failed of late, is called as one that failed too often: so it is everywhere. */
export function EndpointBadge({
  of: { state, failures },
}: {
  of: Pick<Schemas['Endpoint'], 'state' | 'failures'>
}) {
  if (state === 'active' && failures > 0) return <Badge tone="warn">{t.endpoints.states.broken}</Badge>
  // A state that is newer than this page is called as the API calls it.
  return <Badge tone={TONES[state] ?? 'plain'}>{t.endpoints.states[state] ?? state}</Badge>
}
