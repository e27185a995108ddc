/** @module A comment as an instance's answers write it. */
import * as v from 'valibot'
import type { UnrenderedComment } from '../events/types.ts'
import { toActor } from './actor.ts'
import { actor, countOrNull, flag, id, isoTime, text, webUrl } from './fields.ts'
import { MAX_COMMENT_LENGTH } from './html.ts'
import { shortUuidOf } from './short-uuid.ts'

/** Of any of the lists and of a thread. */
export const ListedComment = v.object({
  id,
  threadId: id,
  inReplyToCommentId: v.nullish(id, null),
  url: v.fallback(v.nullish(webUrl, null), null),
  text: text(MAX_COMMENT_LENGTH),
  createdAt: isoTime,
  updatedAt: isoTime,
  /** From 6.2 on. */
  heldForReview: flag,
  isDeleted: flag,
  totalReplies: countOrNull,
  account: v.nullish(actor, null),
})
export type ListedComment = v.InferOutput<typeof ListedComment>

/** @param video UUID of the video that it is on, in either form. */
export function toComment(listed: ListedComment, origin: string, video: string): UnrenderedComment {
  const { id, threadId, inReplyToCommentId, createdAt, updatedAt, heldForReview } = listed
  // What is left of a deleted one stands for its place in the thread: versions differ in what they leave.
  const { text, account } = listed.isDeleted ? { text: '', account: null } : listed
  return {
    id,
    threadId,
    inReplyToCommentId,
    url: listed.url ?? threadUrl(origin, video, threadId),
    text,
    createdAt,
    updatedAt,
    heldForReview,
    account: account && toActor(account, origin),
  }
}

/** Where a thread is shown. @param video UUID of the video, in either form. */
export function threadUrl(origin: string, video: string, threadId: number): string {
  return `${origin}/w/${encodeURIComponent(shortUuidOf(video) ?? video)};threadId=${threadId}`
}
