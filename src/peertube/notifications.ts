/** @module The notifications of an account. */
import * as v from 'valibot'
import { notificationKind, UNKNOWN_KIND } from '../events/notification-kinds.ts'
import type { Notification } from '../events/types.ts'
import type { Failure, Get } from './client.ts'
import { id, isoTime } from './fields.ts'
import { type NotModified, type Page, readPage } from './items.ts'
import { payloadOf } from './notification-payload.ts'
import { safeCopy } from './safe-copy.ts'

/** `raw`: a bounded copy of what the instance sent, when the type is not known here. */
type ListedNotification = { notification: Notification; raw: unknown | null }

export type NotificationsPage = Omit<Page<never>, 'items'> & { notifications: ListedNotification[] }

/** What every notification has; what it is about may be gone. */
const Listed = v.looseObject({ id, type: id, read: v.boolean(), createdAt: isoTime, updatedAt: isoTime })

/**
 * Reads one page of an account's notifications, read and unread ones, newest first.
 * @param list `start`: how many to pass over. `token`: of the account.
 * @param etag of the same page when it was last read, for a 304.
 */
export async function readNotifications(
  get: Get,
  origin: string,
  { start, token }: { start: number; token: string },
  etag: string | null,
): Promise<NotificationsPage | NotModified | Failure> {
  const url = `${origin}/api/v1/users/me/notifications`
  const page = await readPage(get, url, { noun: 'notification', start }, Listed, { etag, token })
  if (page.kind !== 'page') return page
  const { items, ...rest } = page
  return { ...rest, notifications: items.map((item) => toNotification(item, origin)) }
}

function toNotification(item: v.InferOutput<typeof Listed>, origin: string): ListedNotification {
  const { id, type, read, createdAt, updatedAt } = item
  const kind = notificationKind(type)
  return {
    notification: { id, type, kind, read, createdAt, updatedAt, ...payloadOf(item, origin) },
    raw: kind === UNKNOWN_KIND ? safeCopy(item) : null,
  }
}
