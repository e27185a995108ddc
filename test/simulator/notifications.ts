/** @module Notifications of the users of a simulated instance: those that a script makes, after the recorded ones. */
import { cut, pageOf } from './paging.ts'
import { type Answer, from } from './recorded-answers.ts'
import { recording, USERS, type User } from './recordings.ts'
import type { Asked, State } from './state.ts'
import { has } from './versions.ts'

/** What a script makes: PeerTube's number of its kind, and the fields of its payload. */
export type NewNotification = { type: number; [payload: string]: unknown }
type Notification = NewNotification & { id: number; read: boolean; createdAt: string; updatedAt: string }

/** By user, newest first. */
export class Notifications {
  readonly #now: () => number
  readonly #ofUser: Record<User, Notification[]> = { root: [], alice: [], bob: [], carol: [] }
  #nextId = 100

  /** @param isRecorded whether they begin with the recorded ones. */
  constructor(now: () => number, isRecorded: boolean) {
    this.#now = now
    if (!isRecorded) return
    for (const user of USERS) {
      const { data } = recording(`get_notifications_${user}`).response.body as { data: Notification[] }
      this.#ofUser[user] = data.map((one) => ({ ...one }))
    }
  }

  of(user: User): readonly Notification[] {
    return this.#ofUser[user]
  }

  /** @param made its payload may say otherwise of any field, of `createdAt` too. */
  add(user: User, made: NewNotification): { id: number } {
    this.#nextId += 1
    const now = this.#iso()
    const notification = { id: this.#nextId, read: false, createdAt: now, updatedAt: now, ...made }
    this.#ofUser[user].unshift(notification)
    // A stable sort: of equals the later made stays first.
    this.#ofUser[user].sort((a, b) => (a.createdAt === b.createdAt ? 0 : a.createdAt > b.createdAt ? -1 : 1))
    return { id: notification.id }
  }

  read(user: User, id: number): void {
    Object.assign(this.#get(user, id), { read: true, updatedAt: this.#iso() })
  }

  readAll(user: User): void {
    for (const { id, read } of this.of(user)) if (!read) this.read(user, id)
  }

  remove(user: User, id: number): void {
    const gone = this.#get(user, id)
    this.#ofUser[user] = this.#ofUser[user].filter((one) => one !== gone)
  }

  #get(user: User, id: number): Notification {
    const found = this.#ofUser[user].find((one) => one.id === id)
    if (!found) throw new Error(`the simulator has no notification ${id} of ${user}`)
    return found
  }

  #iso(): string {
    return new Date(this.#now()).toISOString()
  }
}

/** The list of the caller's own; null: it is not asked for. */
export function notificationAnswer({ url, caller }: Asked, state: State): Answer | null {
  if (url.pathname !== '/api/v1/users/me/notifications') return null
  if (caller === 'anonymous' || caller === 'invalid') return from('get_notifications_anonymous_401')
  const page = pageOf(url, ['createdAt', 'read'], '-createdAt')
  if ('status' in page) return page
  const query = url.searchParams
  const types = has(state.self.version, 'notificationTypes') ? query.getAll('typeOneOf') : []
  const found = state.notifications
    .of(caller)
    .filter(({ read }) => query.get('unread') !== 'true' || !read)
    .filter(({ type }) => types.length === 0 || types.includes(String(type)))
  const sorted = page.sort.endsWith('read')
    ? found.toSorted((a, b) => Number(b.read) - Number(a.read))
    : found
  const data = cut(page.sort.startsWith('-') ? sorted : sorted.toReversed(), page)
  return { ...from('get_notifications_alice'), body: { total: found.length, data } }
}
