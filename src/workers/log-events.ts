/** @module What was stored of events, into the log. */
import type { StoredEvent } from '../db/fan-out.ts'
import type { Log } from './log.ts'

/** Logs events. @param titles what each is about, by its id; nothing of what is private. */
export function logEvents(
  log: Log,
  stored: readonly StoredEvent[],
  titles: ReadonlyMap<string, string> = new Map(),
): void {
  for (const { sequence, id, type, instance, subject } of stored)
    log({ log: 'event', sequence, event: id, type, instance, subject, title: titles.get(id) ?? '' })
}
