/** @module Comments for the tests of what is pure. */
import type { SeenComment } from '../../src/events/detect-comments.ts'
import type { UnrenderedComment, VideoReference } from '../../src/events/types.ts'
import { HOST, NOW, video } from './video.ts'

const VIDEO: VideoReference = video('4ea63ca6-9e2c-4f4a-9f3b-9d1f6a5d3f11', NOW)

/** A comment of this number: in the thread of number 1 unless it is said otherwise. */
export function comment(id: number, like: Partial<UnrenderedComment> = {}): UnrenderedComment {
  const time = new Date(NOW).toISOString()
  return {
    id,
    threadId: 1,
    inReplyToCommentId: id === 1 ? null : 1,
    url: `https://${HOST}/w/x;threadId=1`,
    text: `text of ${id}`,
    createdAt: time,
    updatedAt: time,
    heldForReview: false,
    account: null,
    ...like,
  }
}

/** The same as an instance shows it to everybody. */
export function seen(
  id: number,
  like: Partial<UnrenderedComment & { isDeleted: boolean; isPublic: boolean }> = {},
): SeenComment {
  const { isDeleted = false, isPublic = true, ...fields } = like
  return { comment: comment(id, fields), isDeleted, isPublic, video: VIDEO }
}
