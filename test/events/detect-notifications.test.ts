/** @module What notifications say that was not known. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectNotifications, type KnownNotification } from '../../src/events/detect-notifications.ts'
import { NOTIFICATION_KINDS, notificationKind } from '../../src/events/notification-kinds.ts'
import type { NewEvent, Notification } from '../../src/events/types.ts'
import { HOST, NOW } from '../support/video.ts'

const SCENE = { instance: HOST, ownerId: 'usr_1', connection: { id: 'con_1', username: 'alice' }, now: NOW }

function shown(id: number, like: Partial<Notification> = {}) {
  const type = like.type ?? 2
  const time = new Date(NOW + id).toISOString()
  const notification: Notification = {
    id,
    type,
    kind: notificationKind(type),
    read: false,
    createdAt: time,
    updatedAt: time,
    ...like,
  }
  return { notification, raw: notification.kind === 'unknown' ? { id, type } : null }
}
type Shown = ReturnType<typeof shown>

function look(
  known: ReadonlyMap<number, KnownNotification>,
  page: readonly Shown[],
  newestId: number | null,
) {
  const { events, rows } = detectNotifications(SCENE, page, newestId, known)
  return { events, known: new Map([...known, ...rows.map((row) => [row.id, row] as const)]) }
}

const NOTHING = new Map<number, KnownNotification>()
const having = (...page: Shown[]) => look(NOTHING, page, null).known
const told = (events: readonly NewEvent[]) => events.map(({ type, subject }) => `${type} ${subject}`)

describe('Of notifications', () => {
  const cases: [
    name: string,
    known: Map<number, KnownNotification>,
    page: Shown[],
    newestId: number | null,
    events: string[],
  ][] = [
    ['those of the first page ever are no news', NOTHING, [shown(2), shown(1)], null, []],
    ['of an account that had none the first is news', NOTHING, [shown(1)], 0, ['notification.created 1']],
    [
      'new ones are told in the order of their numbers',
      NOTHING,
      [shown(9), shown(8), shown(7)],
      7,
      ['notification.created 8', 'notification.created 9'],
    ],
    ['an unknown one with a lower number was there before us', NOTHING, [shown(3)], 7, []],
    ['a known one is no news', having(shown(8)), [shown(8)], 7, []],
    [
      'one that stands twice in a page is told once',
      NOTHING,
      [shown(8), shown(8, { read: true })],
      7,
      ['notification.created 8'],
    ],
    [
      'a known one that stands twice, once as read, has not been read',
      having(shown(8)),
      [shown(8), shown(8, { read: true })],
      8,
      [],
    ],
    [
      'one of an unknown type is told as that',
      NOTHING,
      [shown(8, { type: 99 })],
      7,
      ['notification.unknown 8'],
    ],
    [
      'one whose subject is gone is told all the same',
      NOTHING,
      [shown(8, { comment: undefined })],
      7,
      ['notification.created 8'],
    ],
    [
      'one that is read now was read',
      having(shown(8)),
      [shown(8, { read: true })],
      8,
      ['notification.read 8'],
    ],
    [
      'one that was read already is not read again',
      having(shown(8, { read: true })),
      [shown(8, { read: true })],
      8,
      [],
    ],
    ['one that is unread again is no news', having(shown(8, { read: true })), [shown(8)], 8, []],
    [
      'one that is new and read already is created',
      NOTHING,
      [shown(8, { read: true })],
      7,
      ['notification.created 8'],
    ],
    ['one that is gone from the page says nothing', having(shown(8), shown(7)), [shown(7)], 8, []],
  ]
  it.each(cases)('%s', (_, known, page, newestId, events) => {
    expect(told(look(known, page, newestId).events)).toEqual(events)
  })

  it.each(NOTIFICATION_KINDS)('type $type is told as $kind', ({ type, kind }) => {
    const [event] = look(NOTHING, [shown(8, { type })], 7).events
    expect(event).toMatchObject({
      type: 'notification.created',
      ownerId: 'usr_1',
      data: { notification: { kind }, connection: { id: 'con_1', username: 'alice' } },
    })
  })

  it('one of an unknown type has with it what the instance sent', () => {
    expect(look(NOTHING, [shown(8, { type: 99 })], 7).events[0]?.data).toMatchObject({
      raw: { id: 8, type: 99 },
    })
  })

  it('one that is read twice, at different times, is told twice', () => {
    const read = (at: number) =>
      look(having(shown(8)), [shown(8, { read: true, updatedAt: new Date(NOW + at).toISOString() })], 8)
        .events[0]?.id
    expect(read(1)).toBe(read(1))
    expect(read(2)).not.toBe(read(1))
  })

  it('whatever is shown, each is created at most once, in private, and ids are unique', () => {
    const one = fc.record({
      id: fc.integer({ min: 1, max: 8 }),
      read: fc.boolean(),
      type: fc.constantFrom(1, 2, 22, 99),
    })
    fc.assert(
      fc.property(fc.array(fc.array(one, { maxLength: 10 }), { maxLength: 10 }), (pages) => {
        let known: ReadonlyMap<number, KnownNotification> = NOTHING
        let newestId: number | null = null
        const created: string[] = []
        for (const page of pages) {
          const items = page.map(({ id, ...like }) => shown(id, like))
          const next = look(known, items, newestId)
          expect(look(next.known, items, newestId).events).toEqual([])
          known = next.known
          newestId = Math.max(newestId ?? 0, ...page.map(({ id }) => id))
          expect(next.events.every(({ ownerId }) => ownerId === 'usr_1')).toBe(true)
          expect(new Set(next.events.map(({ id }) => id)).size).toBe(next.events.length)
          created.push(
            ...next.events.flatMap(({ type, subject }) => (type === 'notification.read' ? [] : subject)),
          )
        }
        expect(new Set(created).size).toBe(created.length)
      }),
    )
  })
})
