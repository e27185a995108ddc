/** @module The states of deliveries and endpoints in words, with the colour that goes with them. */
import type { Schemas } from '../../api.ts'
import type { Tone } from '../../parts/badge.tsx'
import { t } from '../../texts/index.ts'

type Shown = { tone: Tone; words: string }

const TONES = { pending: 'busy', delivered: 'good', failed: 'bad', skipped: 'plain' } as const

/** One that was tried and waits is not well: it says so. */
export function deliveryState({ state, attempts, error }: Schemas['Delivery']): Shown {
  if (state === 'pending' && attempts > 0 && error !== null)
    return { tone: 'warn', words: t.deliveries.states.retried }
  return { tone: TONES[state], words: t.deliveries.states[state] }
}

const ENDPOINT_TONES = {
  pending: 'warn',
  active: 'good',
  broken: 'bad',
  paused: 'plain',
  disabled: 'bad',
} as const

export function endpointState({ state }: Pick<Schemas['Endpoint'], 'state'>): Shown {
  return { tone: ENDPOINT_TONES[state], words: t.deliveries.endpointStates[state] }
}
