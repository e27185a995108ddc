/** @module The comments of the recorded instance, tombstones too. */
import type { StoredComment } from './comments.ts'
import { recording, USERS } from './recordings.ts'

type Shown = Omit<StoredComment, 'by' | 'videoUuid' | 'isHeld'> & {
  url: string
  account: { name: string } | null
}

/** All of them, as they were when the threads were recorded. */
export function recordedComments(): StoredComment[] {
  const listed = recording('get_all_comments_admin').response.body as { data: Shown[] }
  const threads = recording('get_comment_threads_desc_createdAt').response.body as { data: Shown[] }
  const tombstones = threads.data.filter(({ deletedAt }) => deletedAt !== null)
  return [...listed.data, ...tombstones].map((comment) => ({
    id: comment.id,
    threadId: comment.threadId,
    inReplyToCommentId: comment.inReplyToCommentId,
    videoUuid: /watch\/([^/]+)/.exec(comment.url)?.[1] ?? '',
    text: comment.text,
    createdAt: comment.createdAt,
    by: USERS.find((user) => user === comment.account?.name) ?? 'bob',
    updatedAt: comment.updatedAt,
    deletedAt: comment.deletedAt ?? null,
    isHeld: false,
  }))
}
