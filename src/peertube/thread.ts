/** @module One thread of comments: the tree that an instance answers with, as a list. */
import * as v from 'valibot'
import type { UnrenderedComment } from '../events/types.ts'
import { type Failure, failed, type Get } from './client.ts'
import { ListedComment, toComment } from './comment.ts'
import { describeIssue, getFresh } from './items.ts'

export type Thread =
  | {
      kind: 'thread'
      /** Parents before their replies. */
      comments: { comment: UnrenderedComment; isDeleted: boolean }[]
      /** One message for each comment left out, naming the field. Its replies are not left out. */
      skipped: string[]
    }
  /** There is no such thread, or no such video, any more. */
  | { kind: 'gone' }
  /** It is nobody's to see, or not ours. */
  | { kind: 'hidden' }
  | Failure

/** Ten times the longest threads there are. Each takes a parse and a rendering. */
const MAX_COMMENTS = 20_000
/** Messages, of a tree of nothing but bad comments. */
const MAX_SKIPPED = 100

/**
 * Reads a thread: the comment that began it, and the replies at any depth.
 * @param video UUID of the video, in either form. @param threadId number of the comment that began it.
 */
export async function readThread(get: Get, origin: string, video: string, threadId: number): Promise<Thread> {
  const url = `${origin}/api/v1/videos/${encodeURIComponent(video)}/comment-threads/${threadId}`
  const answer = await getFresh(get, url)
  if (answer.kind === 'failed') return absence(answer) ?? answer
  const { body, observation } = answer

  const nodes = flatten(body)
  if (nodes === null)
    return failed('too-large', `a thread of more than ${MAX_COMMENTS} comments`, observation)
  const comments: { comment: UnrenderedComment; isDeleted: boolean }[] = []
  const skipped: string[] = []
  for (const [index, node] of nodes.entries()) {
    const parsed = v.safeParse(ListedComment, node, { abortEarly: true })
    if (parsed.success) {
      comments.push({ comment: toComment(parsed.output, origin, video), isDeleted: parsed.output.isDeleted })
    } else if (skipped.length < MAX_SKIPPED) {
      skipped.push(`comment ${index} of thread ${threadId}: ${describeIssue(parsed.issues[0])}`)
    }
  }
  // The comment that began a thread is in it for as long as the thread is.
  if (comments.length === 0) return failed('schema', `no thread: ${skipped[0]}`, observation)
  return { kind: 'thread', comments, skipped }
}

function absence({ reason, observation }: Failure): { kind: 'gone' } | { kind: 'hidden' } | null {
  if (reason !== 'http') return null
  if (observation?.status === 404) return { kind: 'gone' }
  return observation?.status === 401 || observation?.status === 403 ? { kind: 'hidden' } : null
}

/**
 * The comments of a tree as they came, each before its replies, or null when they are too many. With a stack of its own: a
 * tree may be deeper than calls can be.
 */
function flatten(tree: unknown): unknown[] | null {
  const comments: unknown[] = []
  const open: unknown[] = [tree]
  while (open.length > 0) {
    const node = open.pop()
    const { comment, children } = isRecord(node) ? node : {}
    comments.push(comment)
    const replies = Array.isArray(children) ? children : []
    if (comments.length + open.length + replies.length > MAX_COMMENTS) return null
    // Last in, first out: so the first reply, and what is below it, comes first.
    for (let index = replies.length - 1; index >= 0; index--) open.push(replies[index])
  }
  return comments
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
