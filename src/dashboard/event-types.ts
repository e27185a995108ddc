/** @module The types of events, by their kinds, as the API's description has them. */
import type { Schemas } from './api.ts'
import { t } from './texts/index.ts'

export type EventType = Schemas['Event']['type']

/** In the order in which they are offered. The compiler sees to it that none is missing: each has its words. */
export const eventTypes = (): EventType[] => Object.keys(t.eventTypes) as EventType[]

/** What a type is called; one that is newer than this page is called as the API calls it. */
export function typeName(type: string): string {
  return (t.eventTypes as Readonly<Record<string, string>>)[type] ?? type
}

/** `video.published` → `video`. */
export function kindOf(type: string): string {
  return type.split('.', 1)[0] ?? type
}
