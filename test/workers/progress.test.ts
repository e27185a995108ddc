/** @module How far a source has been read, as its checkpoint says it. */
import { describe, expect, it } from 'vitest'
import { firstCheckpoint } from '../../src/events/video-walk.ts'
import { type Progress, progressOf } from '../../src/workers/progress.ts'

const NOTHING: Progress = { isBegun: false, newestAt: null, isUnfinished: false, pending: 0, followed: null }
const BASELINE = { newestId: 1, since: 2, staleMs: 3 }
const UUID = '43493d1c-8fbe-411e-9932-9ee0e7172022'
const PENDING = { since: 1, after: 0, tries: 0 }
const WALK = {
  start: 100,
  pages: 1,
  first: null,
  tail: [],
  oldest: 0,
  repeats: 0,
  newest: 0,
  backfillLeft: 0,
}

type Kind = 'videos' | 'comments' | 'notifications'

describe('A source', () => {
  it.each<[string, Kind, string, object, Partial<Progress>]>([
    ['of videos that was never read', 'videos', '', firstCheckpoint(10), {}],
    ['of videos in its first walk', 'videos', '', { walk: WALK }, { isUnfinished: true }],
    [
      'of videos that all are known, with one that is missing',
      'videos',
      'channel:news',
      { baseline: true, newest: 5_000, walk: null, missing: [{ uuid: UUID, goneAt: null }] },
      { isBegun: true, newestAt: 5_000, pending: 1 },
    ],
    [
      'of public comments, with a thread and a video to be looked at',
      'comments',
      '',
      {
        baseline: BASELINE,
        suspects: [{ video: UUID, threadId: 1, replies: 0, ...PENDING }],
        toList: [{ video: UUID, ...PENDING }],
      },
      { isBegun: true, pending: 2 },
    ],
    ['of public comments that was never read', 'comments', '', {}, {}],
    [
      'of the comments of one video, broken off',
      'comments',
      `video:${UUID}`,
      { baseline: BASELINE, videos: { [UUID]: null }, from: UUID, later: [{ threadId: 1, ...PENDING }] },
      { isBegun: true, isUnfinished: true, pending: 1, followed: 1 },
    ],
    [
      'of a login’s comments, in a walk',
      'comments',
      'connection:con_1',
      { baseline: BASELINE, walk: { start: 5, highest: 9 }, unclear: [{ video: UUID, ...PENDING }] },
      { isBegun: true, isUnfinished: true, pending: 1 },
    ],
    ['of notifications', 'notifications', 'connection:con_1', { newestId: 7 }, { isBegun: true }],
    [
      'of notifications, in a walk',
      'notifications',
      'connection:con_1',
      { walk: { start: 5, highest: 9 } },
      { isUnfinished: true },
    ],
  ])('%s', (_, kind, target, checkpoint, expected) => {
    const source = { kind, target, checkpoint: JSON.stringify(checkpoint) }
    expect(progressOf(source)).toEqual({
      ...NOTHING,
      ...(kind === 'comments' && target.startsWith('video') ? { followed: 0 } : {}),
      ...expected,
    })
  })

  it.each(['', '{', 'null', '{"newest":"x"}'])(
    'whose checkpoint is damaged says nothing: %j',
    (checkpoint) => {
      expect(progressOf({ kind: 'videos', target: '', checkpoint })).toBeNull()
    },
  )
})
