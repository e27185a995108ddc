/** @module Lists of comments: of the whole instance, of an account's own videos, and of the threads of one video. */
import * as v from 'valibot'
import type { UnrenderedComment } from '../events/types.ts'
import type { Failure, Get } from './client.ts'
import { ListedComment as Listed, toComment } from './comment.ts'
import { text, uuid } from './fields.ts'
import { type NotModified, type Page, readPage } from './items.ts'

/** A comment of a list that is over many videos. */
type ListedComment = { comment: UnrenderedComment; video: { uuid: string; name: string } }

export type CommentsPage = Omit<Page<never>, 'items'> & { comments: ListedComment[] }

const CommentOfVideo = v.object({ ...Listed.entries, video: v.object({ uuid, name: text(500) }) })

/**
 * Reads one page of the comments and replies on the videos of an instance, newest first. Deleted ones are not listed.
 * @param list `start`: how many to pass over. `token`: of a moderator; with `mine` of any account, which then sees those on
 * its own videos (from 6.3 on).
 * @param etag of the same page when it was last read, for a 304.
 */
export async function readCommentList(
  get: Get,
  origin: string,
  { start, token, mine }: { start: number; token: string; mine: boolean },
  etag: string | null,
): Promise<CommentsPage | NotModified | Failure> {
  const path = mine ? '/api/v1/users/me/videos/comments' : '/api/v1/videos/comments'
  // Own videos are local ones, and that route knows no such filter.
  const list = { noun: 'comment', start, ...(mine ? {} : { query: { onLocalVideo: 'true' } }) }
  const page = await readPage(get, origin + path, list, CommentOfVideo, { etag, token })
  if (page.kind !== 'page') return page
  const { items, ...rest } = page
  return {
    ...rest,
    comments: items.map(({ video, ...listed }) => ({
      comment: toComment(listed, origin, video.uuid),
      video,
    })),
  }
}

/** A comment that began a thread. `totalReplies`: at any depth. */
export type Root = { comment: UnrenderedComment; isDeleted: boolean; totalReplies: number }

export type ThreadsPage = Omit<Page<never>, 'items'> & { roots: Root[] }

/**
 * Reads one page of the threads of a video, newest first: the comments that began them, deleted ones too.
 * @param video its UUID, in either form. @param start how many threads to pass over.
 * @param etag of the same page when it was last read, for a 304.
 */
export async function readThreads(
  get: Get,
  origin: string,
  video: string,
  start: number,
  etag: string | null = null,
): Promise<ThreadsPage | NotModified | Failure> {
  const url = `${origin}/api/v1/videos/${encodeURIComponent(video)}/comment-threads`
  const page = await readPage(get, url, { noun: 'thread', start }, Listed, { etag })
  if (page.kind !== 'page') return page
  const { items, ...rest } = page
  return {
    ...rest,
    roots: items.map((listed) => ({
      comment: toComment(listed, origin, video),
      isDeleted: listed.isDeleted,
      totalReplies: listed.totalReplies ?? 0,
    })),
  }
}
