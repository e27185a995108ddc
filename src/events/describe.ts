/** @module An event in a few words, for people who look on. Pure. */
import type { NewEvent } from './types.ts'

/** What an event is about; nothing at all of what is private: others read the log too. */
export function describeEvent(event: NewEvent): string {
  if (event.ownerId !== null) return ''
  const { data } = event
  if ('comment' in data) return `${data.comment.account?.displayName ?? 'somebody'} on ${data.video.name}`
  if ('video' in data) return data.video.name
  if ('from' in data) return `${data.from} → ${data.to}`
  if ('detail' in data) return data.detail
  return 'instance' in data ? data.instance.name : ''
}
