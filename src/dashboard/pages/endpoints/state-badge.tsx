/** @module How an endpoint is, in a word; and what it is called. */
import { Badge, type Tone } from '../../parts/badge.tsx'
import { t } from '../../texts/index.ts'
import type { Endpoint } from './reads.ts'

const TONES = {
  active: 'good',
  pending: 'busy',
  broken: 'bad',
  disabled: 'bad',
  paused: 'plain',
} as const satisfies Record<Endpoint['state'], Tone>

export function StateBadge({ state }: { state: Endpoint['state'] }) {
  // A state that is newer than this page is called as the API calls it.
  return <Badge tone={TONES[state] ?? 'plain'}>{t.endpoints.states[state] ?? state}</Badge>
}

const LONGEST_NAME = 120

/** What somebody called it, or else where it leads: short enough for a title. */
export function nameOf({ description, url }: Pick<Endpoint, 'description' | 'url'>): string {
  const name = description.trim() || url.replace(/^https?:\/\//, '')
  // By characters, for half of one is none.
  const characters = [...name]
  return characters.length > LONGEST_NAME ? `${characters.slice(0, LONGEST_NAME).join('')}…` : name
}

/** The way up to an endpoint's page: by its name, once that is known. */
export function upTo(id: string, endpoint: Endpoint | null | undefined) {
  return { title: endpoint ? nameOf(endpoint) : t.endpoints.one, path: ['endpoints', id] }
}
