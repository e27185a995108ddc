/** @module A connection in words. */
import type { Schemas } from '../../api.ts'
import { Badge } from '../../parts/badge.tsx'
import { t } from '../../texts/index.ts'

export type Connection = Schemas['Connection']

/** `alice at peertube.example`, as a handle. */
export function nameOf({ username, instance }: Connection): string {
  return `${username}@${instance.host}`
}

/** What is read as it: `notifications, comments`. */
export function readsWords({ sources }: Connection): string {
  const kinds = sources.map(({ kind }) => t.connections.kinds[kind] ?? kind)
  return kinds.length === 0 ? t.connections.nothing : kinds.join(', ')
}

export function ConnectionBadge({ state }: Pick<Connection, 'state'>) {
  return <Badge tone={state === 'active' ? 'good' : 'bad'}>{t.connections.states[state] ?? state}</Badge>
}
