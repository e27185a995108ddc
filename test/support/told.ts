/** @module What the events of an instance tell. */
import { env } from 'cloudflare:workers'
import type { EventType } from '../../src/events/types.ts'

type Told = { type: EventType; subject: string; data: Record<string, unknown> }

/** The events of an instance, in the order of their sequence. */
export async function toldOf({ origin }: { origin: string }): Promise<Told[]> {
  const { results } = await env.DB.prepare(
    'SELECT type, subject, data FROM events WHERE instance = ? ORDER BY sequence',
  )
    .bind(new URL(origin).host)
    .all<{ type: EventType; subject: string; data: string }>()
  return results.map(({ type, subject, data }) => ({ type, subject, data: JSON.parse(data) }))
}

/** Their types and subjects alone. */
export async function linesOf(instance: { origin: string }): Promise<string[]> {
  return (await toldOf(instance)).map(({ type, subject }) => `${type} ${subject}`)
}
