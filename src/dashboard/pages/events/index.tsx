/** @module Events: the log, and one of them. */
import type { PageProps } from '../../pages.ts'
import { EventLog } from './log.tsx'
import { OneEvent } from './one-event.tsx'

export default function EventsPage({ path, query }: PageProps) {
  const [id] = path
  return id === undefined ? <EventLog query={query} /> : <OneEvent id={id} />
}
