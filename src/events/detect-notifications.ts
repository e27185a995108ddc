/** @module (what we knew, what we saw) → what happened to an account's notifications. Pure. */
import { eventId } from './event-id.ts'
import { UNKNOWN_KIND } from './notification-kinds.ts'
import type { ConnectionReference, NewEvent, Notification } from './types.ts'

/** `raw`: a bounded copy of what the instance sent, when the type is not known here. */
export type SeenNotification = { notification: Notification; raw: unknown }

/** What is kept of a notification. */
export type KnownNotification = { id: number; read: boolean }

/**
 * What a page of an account's notifications says that was not known.
 *
 * @param newestId the highest number so far: numbers grow, so an unknown one below it was there before us, or is of a page that
 * was not looked at. Null: never looked, then all were there before us.
 * @param known what we knew of the page's, by number.
 * @returns `events` in the order in which they came, all of them their owner's alone.
 */
export function detectNotifications(
  scene: { instance: string; ownerId: string; connection: ConnectionReference; now: number },
  page: readonly SeenNotification[],
  newestId: number | null,
  known: ReadonlyMap<number, KnownNotification>,
): { events: NewEvent[]; rows: KnownNotification[] } {
  const events: NewEvent[] = []
  const rows = new Map<number, KnownNotification>()
  // One that stands there twice is what its first place says.
  const done = new Set<number>()
  for (const { notification, raw } of page.toSorted((a, b) => a.notification.id - b.notification.id)) {
    const { id, read } = notification
    if (done.has(id)) continue
    done.add(id)
    const was = known.get(id)
    const isNew = !was && newestId !== null && id > newestId
    if (isNew) events.push(created(scene, notification, raw))
    if (was && read && !was.read) events.push(wasRead(scene, notification))
    if (!was || was.read !== read) rows.set(id, { id, read })
  }
  return { events, rows: [...rows.values()] }
}

type Scene = Parameters<typeof detectNotifications>[0]

function created(scene: Scene, notification: Notification, raw: unknown): NewEvent {
  const { connection } = scene
  return notification.kind === UNKNOWN_KIND
    ? { ...head(scene, 'notification.unknown', notification), data: { notification, raw, connection } }
    : { ...head(scene, 'notification.created', notification), data: { notification, connection } }
}

function wasRead(scene: Scene, notification: Notification): NewEvent {
  const { connection } = scene
  return { ...head(scene, 'notification.read', notification), data: { notification, connection } }
}

function head<TType extends NewEvent['type']>(
  { instance, ownerId, connection, now }: Scene,
  type: TType,
  { id, createdAt, updatedAt }: Notification,
) {
  const subject = String(id)
  // One that was marked unread may be read again: then it has another date.
  const date = type === 'notification.read' ? updatedAt : createdAt
  const revision = `${connection.username}:${date}`
  return {
    id: eventId({ instance, type, subject, revision, ownerId }),
    type,
    instance,
    subject,
    ownerId,
    seenAt: now,
  }
}
