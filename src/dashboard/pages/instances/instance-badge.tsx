/** @module How an instance is, in a word. */
import type { Schemas } from '../../api.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { t } from '../../texts/index.ts'

export type Instance = Schemas['Instance']

const TONES: Readonly<Record<Instance['state'], Tone>> = {
  ok: 'good',
  failing: 'warn',
  unreachable: 'bad',
  paused: 'plain',
}

export function InstanceBadge({ state }: { state: Instance['state'] }) {
  return <Badge tone={TONES[state] ?? 'plain'}>{t.instances.states[state] ?? state}</Badge>
}
