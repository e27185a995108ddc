/** @module (what we knew, what we saw) → what happened to comments. Pure: no I/O, no clock, so every trap is a plain test. */
import { createHash } from 'node:crypto'
import { eventId } from './event-id.ts'
import type { Comment, NewEvent, UnrenderedComment, VideoReference } from './types.ts'

/** What is kept of a comment. Times are milliseconds since the epoch. */
export type KnownComment = {
  id: number
  threadId: number
  videoUuid: string
  createdAt: number
  /** JSON of the `UnrenderedComment` as it was last seen. */
  data: string
  /** Whether everybody was told of it. */
  isPublic: boolean
  /** What it said when everybody was last told, if something else was written since that not everybody may see; otherwise null. */
  publicText: string | null
  deletedAt: number | null
}

/** A comment as an instance shows it now. `isPublic`: everybody may see it, and the video that it is on. */
export type SeenComment = {
  comment: UnrenderedComment
  isDeleted: boolean
  video: VideoReference
  isPublic: boolean
}

/**
 * Where comments are seen, as whom (null: as anybody), and when. `toHtml` renders a text: only of what is told, for a thread of
 * thousands is read again for one reply.
 */
export type CommentScene = {
  instance: string
  viewerId: string | null
  now: number
  toHtml: (text: string) => string
}

/**
 * What comments say that was not known.
 *
 * One that everybody may see is everybody's event; another, held for review or on a private video, is that of the user as whom
 * it was read. When it becomes public it is news once more, to all.
 *
 * @param known what we knew of them, by number.
 * @param isNews whether an unknown comment has come since we watch: all others were there before us, and are only remembered.
 * @returns `events` in the order in which the comments came; `rows`, what is to be kept of those that are new or have changed.
 */
export function detectComments(
  scene: CommentScene,
  seen: readonly SeenComment[],
  known: ReadonlyMap<number, KnownComment>,
  isNews: (comment: UnrenderedComment) => boolean,
): { events: NewEvent[]; rows: KnownComment[] } {
  const events: NewEvent[] = []
  const rows = new Map<number, KnownComment>()
  // One that stands there twice is what its first place says: otherwise each look would find it changed.
  const done = new Set<number>()
  for (const one of seen.toSorted((a, b) => a.comment.id - b.comment.id)) {
    const { comment, isDeleted, isPublic } = one
    if (done.has(comment.id)) continue
    done.add(comment.id)
    const was = known.get(comment.id)
    // What is gone already when it is first seen was nothing to us.
    if (!was && isDeleted) continue
    const row = isDeleted && was ? { ...was, deletedAt: was.deletedAt ?? scene.now } : rowOf(one)
    const isVisible = isPublic || scene.viewerId !== null
    if (!was) {
      rows.set(comment.id, row)
      if (isVisible && isNews(comment)) events.push(created(scene, one))
      continue
    }
    if (isDeleted) {
      if (was.deletedAt !== null) continue
      rows.set(comment.id, row)
      events.push(...deleted(scene, was, one.video))
      continue
    }
    const before = knownComment(was)
    // Nobody is told what was written while its video was private, not as what it was before either.
    const from = isPublic ? (was.publicText ?? before.text) : before.text
    if (isPublic && !was.isPublic) {
      // Not one that was there before us, on a video of which we did not know that everybody may see it.
      if (before.heldForReview || isNews(comment)) events.push(created(scene, one))
    } else if (isVisible && from !== comment.text) events.push(updated(scene, one, from))
    // Whoever was told of it is told what becomes of it, although its video may be private for a while.
    const isSecret = was.isPublic && !isPublic && before.text !== comment.text
    const next: KnownComment = {
      ...row,
      isPublic: isPublic || was.isPublic,
      publicText: isPublic ? null : isSecret ? (was.publicText ?? before.text) : was.publicText,
    }
    if (!isSameRow(was, next)) rows.set(comment.id, next)
  }
  return { events, rows: [...rows.values()] }
}

function isSameRow(one: KnownComment, other: KnownComment): boolean {
  return (
    one.data === other.data &&
    one.isPublic === other.isPublic &&
    one.publicText === other.publicText &&
    one.deletedAt === other.deletedAt
  )
}

/** Known comments of a thread that was read whole, and in which they are no longer: they were deleted. */
export function detectGone(
  scene: CommentScene,
  known: Iterable<KnownComment>,
  seenIds: ReadonlySet<number>,
  video: VideoReference,
): { events: NewEvent[]; rows: KnownComment[] } {
  const gone = [...known].filter(({ id, deletedAt }) => deletedAt === null && !seenIds.has(id))
  return {
    events: gone.flatMap((was) => deleted(scene, was, video)),
    rows: gone.map((was) => ({ ...was, deletedAt: scene.now })),
  }
}

export function knownComment({ data }: Pick<KnownComment, 'data'>): UnrenderedComment {
  // Only `rowOf` writes it.
  return JSON.parse(data) as UnrenderedComment
}

function rowOf({ comment, video, isPublic }: SeenComment): KnownComment {
  return {
    id: comment.id,
    threadId: comment.threadId,
    videoUuid: video.uuid,
    createdAt: Date.parse(comment.createdAt),
    data: JSON.stringify(comment),
    isPublic,
    publicText: null,
    deletedAt: null,
  }
}

function rendered({ toHtml }: CommentScene, comment: UnrenderedComment): Comment {
  return { ...comment, html: toHtml(comment.text) }
}

function created(scene: CommentScene, { comment, video, isPublic }: SeenComment): NewEvent {
  return {
    ...head(scene, 'comment.created', comment.id, isPublic, '1'),
    data: { comment: rendered(scene, comment), video },
  }
}

function updated(scene: CommentScene, { comment, video, isPublic }: SeenComment, from: string): NewEvent {
  // Not of `from`: whoever missed an edit in between tells of this one all the same.
  const digest = createHash('sha256').update(comment.text).digest('base64url')
  const changes = { text: { from, to: comment.text } }
  return {
    ...head(scene, 'comment.updated', comment.id, isPublic, `${comment.updatedAt}:${digest.slice(0, 16)}`),
    data: { comment: rendered(scene, comment), video, changes },
  }
}

/** Of a deleted comment nobody is told what it said: who wrote it took it back. */
function deleted(scene: CommentScene, was: KnownComment, video: VideoReference): NewEvent[] {
  if (!was.isPublic && scene.viewerId === null) return []
  const comment = { ...knownComment(was), text: '', html: '' }
  return [{ ...head(scene, 'comment.deleted', was.id, was.isPublic, '1'), data: { comment, video } }]
}

function head<TType extends NewEvent['type']>(
  { instance, viewerId, now }: CommentScene,
  type: TType,
  id: number,
  isPublic: boolean,
  revision: string,
) {
  const ownerId = isPublic ? null : viewerId
  const subject = String(id)
  return {
    id: eventId({ instance, type, subject, revision, ownerId }),
    type,
    instance,
    subject,
    ownerId,
    seenAt: now,
  }
}

/** Where we began to watch: what was there then is no news. */
export type CommentsBaseline = {
  /** The highest number then; 0: not known. */
  newestId: number
  /** Milliseconds since the epoch, by the instance's clock. */
  since: number
  /** How old the answer was of which `newestId` is: what came between was there before us too. */
  staleMs: number
}

/** What is known of a thread. Times are milliseconds since the epoch. */
export type KnownThread = {
  id: number
  videoUuid: string
  /** When it was last read whole; 0: never. */
  readAt: number
  activeAt: number
  newestId: number
  replies: number
}

/** Older comments of a thread that is read for the first time are not kept: nobody will miss a change of them. */
export const LOOKBACK_MS = 7 * 86_400_000

/**
 * Whether an unknown comment has come since we watch.
 *
 * Numbers grow with each comment that arrives, whatever its date is: one from another server may be days old. In a thread that
 * was read whole a comment with a lower number, unknown though its date is within what was remembered, was held till now.
 */
export function isNewsIn(
  thread: KnownThread | undefined,
  baseline: CommentsBaseline,
): (comment: UnrenderedComment) => boolean {
  return ({ id, createdAt }) => {
    const at = Date.parse(createdAt)
    if (thread && thread.readAt > 0)
      return id > thread.newestId || (at > baseline.since && at > thread.readAt - LOOKBACK_MS)
    if (baseline.newestId === 0) return at > baseline.since
    if (id <= baseline.newestId) return false
    return at > baseline.since || at < baseline.since - baseline.staleMs
  }
}
