/** @module Reads comments, the best way that the instance and the rights allow. */
import { commentsTarget } from '../events/source-target.ts'
import { pollClosely } from './poll-comments-closely.ts'
import { pollCommentList } from './poll-comments-list.ts'
import { pollPublicComments } from './poll-comments-public.ts'
import type { PollRun } from './poll-run.ts'

/** How comments are read: what the API shows of a source of them. */
export const COMMENT_METHODS = {
  'moderator-list': 'all comments of the instance, as a moderator: one request',
  'own-videos-list': 'the comments on one’s own videos: one request (from 6.3 on)',
  'by-connection': 'a moderator’s connection shows them already: nothing is asked for',
  'video-counts':
    'lists of videos count comments (from 7.0 on); the feed says in which threads: two requests a change',
  'counters-and-feed':
    'a counter says that there is something, the feed in which thread: one request, three when something is new',
  closely: 'the threads of the named videos: one request each',
} as const

export async function pollComments(run: PollRun): Promise<void> {
  const target = commentsTarget(run.source.target)
  if (target.kind === 'all') return pollPublicComments(run)
  if (target.kind === 'connection') return pollCommentList(run)
  return pollClosely(run, target)
}
