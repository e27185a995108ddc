/** @module Rows of the event log for tests. */
import { env } from 'cloudflare:workers'
import { CATALOGUE, exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'

export const VIEWER = 'usr_administrator'
export const OTHER = 'usr_other'

export type LogRow = {
  sequence: number
  type: string
  instance: string
  /** What it is about; one of all when nothing is said. */
  subject?: string
  /** Null: public. */
  ownerId: string | null
  seenAt: number
  data: string
}

/** An event as a test needs it, but for what the test says. */
export function logRow(row: Partial<LogRow> & { sequence: number }): LogRow {
  return { type: 'video.published', instance: 'a.example', ownerId: null, seenAt: 0, data: '{}', ...row }
}

/** An event of every type, the examples of the catalogue. @param ownerId whose those are that need a connection. */
export function exampleRows(ownerId: string): LogRow[] {
  return EVENT_TYPES.map((type) => {
    const { sequence, instance, timestamp, data } = exampleOf(type)
    return {
      sequence,
      type,
      instance,
      ownerId: CATALOGUE[type].from === 'public' ? null : ownerId,
      seenAt: Date.parse(timestamp),
      data: JSON.stringify(data),
    }
  })
}

/** Makes these, and no others, the event log. */
export async function setLog(rows: readonly LogRow[]): Promise<void> {
  await env.DB.batch([
    env.DB.prepare('INSERT OR IGNORE INTO users (id, username, role, created_at) VALUES (?1, ?1, 2, 0)').bind(
      OTHER,
    ),
    env.DB.prepare('DELETE FROM events'),
    env.DB.prepare(
      `INSERT INTO events (sequence, id, type, instance, subject, owner_id, seen_at, poll_id, data)
       SELECT value ->> 'sequence', 'evt_' || (value ->> 'sequence'), value ->> 'type', value ->> 'instance', coalesce(value ->> 'subject', 's'),
         value ->> 'ownerId', value ->> 'seenAt', 'poll', value ->> 'data' FROM json_each(?)`,
    ).bind(JSON.stringify(rows)),
  ])
}
