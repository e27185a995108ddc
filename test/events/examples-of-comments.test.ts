/** @module The examples of comments and notifications are what is made of what was recorded, too. */
import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { detectComments, detectGone, type KnownComment } from '../../src/events/detect-comments.ts'
import { detectNotifications } from '../../src/events/detect-notifications.ts'
import { commented, connection } from '../../src/events/example-world.ts'
import type { EventType, NewEvent, UnrenderedComment } from '../../src/events/types.ts'
import { readCommentList } from '../../src/peertube/comments.ts'
import { toHtml } from '../../src/peertube/html.ts'
import { readNotifications } from '../../src/peertube/notifications.ts'
import { readThread } from '../../src/peertube/thread.ts'
import list from '../fixtures/recordings/get_all_comments_admin.json'
import thread from '../fixtures/recordings/get_comment_thread_tree.json'
import ofAlice from '../fixtures/recordings/get_notifications_alice.json'
import { ORIGIN, type Recorded, recorded } from '../support/recorded.ts'

const OWNER = 'usr_9f86d081884c7d659a2feaa0'
const AS_ALICE = { start: 0, token: 'of alice', mine: true }

const nowOf = (type: EventType) => Date.parse(exampleOf(type).timestamp)

/** A comment of the recorded thread. */
async function inThread(id: number): Promise<UnrenderedComment> {
  const read = await readThread(recorded(thread), ORIGIN, commented.uuid, 1)
  if (read.kind !== 'thread') throw new Error(read.kind)
  const found = read.comments.find(({ comment }) => comment.id === id)
  if (!found) throw new Error(`no comment ${id}`)
  return found.comment
}

/** A comment of the recorded list of the instance. */
async function inList(id: number): Promise<UnrenderedComment> {
  const read = await readCommentList(recorded(list), ORIGIN, AS_ALICE, null)
  if (read.kind !== 'page') throw new Error(read.kind)
  const found = read.comments.find(({ comment }) => comment.id === id)
  if (!found) throw new Error(`no comment ${id}`)
  return found.comment
}

const known = (comment: UnrenderedComment): KnownComment => ({
  id: comment.id,
  threadId: comment.threadId,
  videoUuid: commented.uuid,
  createdAt: Date.parse(comment.createdAt),
  data: JSON.stringify(comment),
  isPublic: true,
  publicText: null,
  deletedAt: null,
})

/** What a comment says that is seen now. */
function look(type: EventType, comment: UnrenderedComment, was: KnownComment[]): NewEvent[] {
  const scene = { instance: 'peertube.example', viewerId: null, now: nowOf(type), toHtml }
  const seen = [{ comment, isDeleted: false, video: commented, isPublic: true }]
  return detectComments(scene, seen, new Map(was.map((one) => [one.id, one])), () => true).events
}

/** What a recorded list of notifications says, when one number was the newest before, and some were unread. */
async function notified(type: EventType, answer: Recorded, newestId: number, unread: number[] = []) {
  const read = await readNotifications(recorded(answer), ORIGIN, AS_ALICE, null)
  if (read.kind !== 'page') throw new Error(read.kind)
  const scene = { instance: 'peertube.example', ownerId: OWNER, connection, now: nowOf(type) }
  const were = new Map(unread.map((id) => [id, { id, read: false }]))
  return detectNotifications(scene, read.notifications, newestId, were).events
}

/** One notification alone, as an instance would list it. */
const only = (item: object): Recorded => ({ response: { status: 200, body: { total: 1, data: [item] } } })

const MAKERS: { [TType in EventType]?: () => Promise<NewEvent[]> } = {
  'comment.created': async () => look('comment.created', await inThread(3), []),
  'comment.updated': async () => {
    const comment = await inThread(1)
    return look('comment.updated', comment, [known({ ...comment, text: 'First! Hello' })])
  },
  'comment.deleted': async () => {
    const scene = { instance: 'peertube.example', viewerId: null, now: nowOf('comment.deleted'), toHtml }
    return detectGone(scene, [known(await inList(6))], new Set(), commented).events
  },
  'notification.created': () => notified('notification.created', ofAlice, 18),
  'notification.unknown': async () => {
    const { raw } = exampleOf('notification.unknown').data
    return notified('notification.unknown', only(Object(raw)), 21)
  },
  'notification.read': async () => {
    const { read, updatedAt } = exampleOf('notification.read').data.notification
    const [newest] = ofAlice.response.body.data
    return notified('notification.read', only({ ...newest, read, updatedAt }), 19, [19])
  },
}

describe('The example of', () => {
  it.each(Object.entries(MAKERS))('%s is what is made of what was recorded', async (type, make) => {
    const made = await make()
    expect(made.map((event) => event.type)).toEqual([type])
    const { id, data } = exampleOf(made[0]?.type ?? 'comment.created')
    expect({ id: made[0]?.id, data: made[0]?.data }).toEqual({ id, data })
  })
})
