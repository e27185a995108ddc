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

export function EndpointBadge({ state }: { state: Schemas['Endpoint']['state'] }) {
  // A state that is newer than this page is called as the API calls it.
  return <Badge tone={TONES[state] ?? 'plain'}>{t.endpoints.states[state] ?? state}</Badge>
}
