/** @module What the hot statements of comments cost with a hundred thousand of everything: rows read and written are the bill. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  knownCommentsPage,
  knownThread,
  knownThreads,
  MAX_MISSING,
  newestVideos,
  noteCommentsRead,
  privateComments,
  publicVideos,
  rememberComments,
  rememberThreads,
  threadsToRevisit,
  videosWithUnreadComments,
} from '../../src/db/known-comments.ts'
import { knownNotifications } from '../../src/db/known-notifications.ts'
import { commitProgress, dueSources } from '../../src/db/polls.ts'
import { readByConnection } from '../../src/db/sources.ts'
import { pollInstance } from '../../src/workers/poll.ts'
import { first, numbers } from '../support/accounts.ts'
import { leap } from '../support/connected.ts'
import { countCosts } from '../support/count-costs.ts'
import { control, testDeps, watch } from '../support/harness.ts'

const ROWS = 100_000
const PRIVATE = 50
const INSTANCE = 'ins_1'
const SOURCE = 'src_comments'

beforeAll(async () => {
  const inserts = [
    `INSERT INTO instances (id, owner_id, origin, host, name, version, created_at)
     VALUES ('ins_1', 'usr_administrator', 'https://h1', 'h1', '', '6.3.0', 0)`,
    `INSERT INTO sources (id, instance_id, kind, due_at, checkpoint, created_at)
     VALUES ('src_videos', 'ins_1', 'videos', 9999, '{}', 0), ('${SOURCE}', 'ins_1', 'comments', 0, '{}', 0)`,
    // Each numbered by time; every thread has one reply; a hundredth of the threads was active of late.
    `${numbers(ROWS)} INSERT INTO videos (source_id, uuid, published_at, seen_at, data, comments, comments_read)
     SELECT 'src_videos', 'v' || i, i, 0, '{"uuid": "v"}', 1, iif(i = 5, 0, 1) FROM n`,
    `${numbers(ROWS)} INSERT INTO comments (source_id, id, thread_id, video_uuid, created_at, data, is_public)
     SELECT '${SOURCE}', i + 1, i / 2 + 1, 'v' || (i / 2), i, '{}', 1 FROM n`,
    `${numbers(ROWS)} INSERT INTO threads (source_id, id, video_uuid, read_at, active_at, newest_id, replies)
     SELECT '${SOURCE}', i + 1, 'v' || i, i + 1, i, i, 1 FROM n`,
    `UPDATE comments SET is_public = 0 WHERE id <= ${PRIVATE}`,
    `INSERT INTO connections (id, owner_id, instance_id, username, role, expires_at, created_at)
     VALUES ('con_1', 'usr_administrator', 'ins_1', 'root', 0, 0, 0)`,
    `${numbers(ROWS)} INSERT INTO notifications SELECT 'con_1', i, 0 FROM n`,
  ]
  for (const sql of inserts) await env.DB.prepare(sql).run()
}, 60_000)

const unread = { sourceId: 'src_videos', uuid: 'v5', comments: 1, unread: 1 }
const lastIds = Array.from({ length: 100 }, (_, index) => ROWS - index)

describe('Of a hundred thousand', () => {
  const cases: [name: string, ask: (db: D1Database) => Promise<unknown>, rows: number][] = [
    [
      'a page of comments and what is missing on it',
      (db) =>
        knownCommentsPage(
          db,
          SOURCE,
          { ids: lastIds, noted: [] },
          { after: ROWS - 101, before: Number.MAX_SAFE_INTEGER },
        ),
      510,
    ],
    [
      'what not everybody may see',
      (db) => privateComments(db, SOURCE, { after: { createdAt: 0, id: 0 }, before: ROWS }, 200),
      PRIVATE + 1,
    ],
    ['a thread', (db) => knownThread(db, SOURCE, 700), 6],
    ['a page of threads', (db) => knownThreads(db, SOURCE, lastIds), 201],
    [
      'what to look at again: the threads that were active of late',
      (db) =>
        threadsToRevisit(
          db,
          { id: SOURCE, instanceId: INSTANCE },
          { activeSince: ROWS - 1_000, readBefore: ROWS * 2, limit: 1 },
        ),
      6_000,
    ],
    [
      'what to look at again, when nothing was active',
      (db) =>
        threadsToRevisit(
          db,
          { id: SOURCE, instanceId: INSTANCE },
          { activeSince: ROWS, readBefore: ROWS * 2, limit: 50 },
        ),
      5,
    ],
    [
      'a page of videos',
      (db) =>
        publicVideos(
          db,
          INSTANCE,
          lastIds.map((id) => `v${id - 1}`),
        ),
      600,
    ],
    ['videos with unread comments', (db) => videosWithUnreadComments(db, INSTANCE, 20), 6],
    ['the newest videos', (db) => newestVideos(db, INSTANCE, 100), 210],
    ['whether a connection reads', (db) => readByConnection(db, INSTANCE, { now: 1, maxDelayMs: 1 }), 6],
    ['a page of notifications', (db) => knownNotifications(db, 'con_1', lastIds), 201],
  ]
  it.each(cases)('%s costs a round trip, and rows as many as it shows', async (_, ask, rows) => {
    const { db, cost } = countCosts(env.DB)
    await ask(db)
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsWritten).toBe(0)
    expect(cost.rowsRead).toBeLessThanOrEqual(rows)
  })

  it('the answers are right', async () => {
    const page = await knownCommentsPage(
      env.DB,
      SOURCE,
      { ids: lastIds.slice(1), noted: [] },
      {
        after: ROWS - 101,
        before: Number.MAX_SAFE_INTEGER,
      },
    )
    expect([page.known.size, page.missing.map(({ id }) => id)]).toEqual([99, [ROWS]])
    // What is noted takes no room of others.
    const noted = Array.from({ length: MAX_MISSING + 50 }, (_, index) => ROWS - index)
    const below = { after: ROWS - noted.length - 2, before: Number.MAX_SAFE_INTEGER }
    const others = await knownCommentsPage(env.DB, SOURCE, { ids: [], noted }, below)
    expect(others.missing.map(({ id }) => id)).toEqual([ROWS - noted.length])
    expect(await videosWithUnreadComments(env.DB, INSTANCE, 20)).toEqual([unread])
    const revisited = await threadsToRevisit(
      env.DB,
      { id: SOURCE, instanceId: INSTANCE },
      { activeSince: ROWS - 1_000, readBefore: ROWS * 2, limit: 1 },
    )
    expect(revisited).toEqual([{ id: ROWS - 999, videoUuid: `v${ROWS - 1_000}` }])
  })

  it('a video whose comments were read is found by its place, and what was counted meanwhile stays unread', async () => {
    const { db, cost } = countCosts(env.DB)
    const guard = { sql: '1', values: [] }
    await db.batch(noteCommentsRead([{ ...unread, comments: 0 }])(db, guard))
    expect(cost.rowsRead).toBeLessThanOrEqual(6)
    expect(await videosWithUnreadComments(env.DB, INSTANCE, 20)).toEqual([unread])
    await db.batch(noteCommentsRead([unread, { ...unread, sourceId: 'another', comments: 7 }])(db, guard))
    expect(await videosWithUnreadComments(env.DB, INSTANCE, 20)).toEqual([])
  })

  it('a thread that was read, and a comment in it, are written with their places, and nothing else', async () => {
    const [due] = (await dueSources(env.DB, INSTANCE, 1)).filter(({ id }) => id === SOURCE)
    if (!due) throw new Error('not due')
    const { db, cost } = countCosts(env.DB)
    const comment = {
      id: ROWS + 1,
      threadId: 7,
      videoUuid: 'v6',
      createdAt: ROWS,
      data: '{}',
      isPublic: true,
      publicText: null,
      deletedAt: null,
    }
    const thread = { id: 7, videoUuid: 'v6', readAt: 1, activeAt: ROWS, newestId: ROWS + 1, replies: 2 }
    await commitProgress(db, due, 'poll_1', {
      checkpoint: '{}',
      etag: null,
      digest: null,
      now: 1,
      dueAt: 2,
      dueReason: 'quiet',
      rate: 0,
      events: [],
      writes: [rememberComments(SOURCE, [comment]), rememberThreads(SOURCE, [thread])],
    })
    expect(cost.roundTrips).toBe(1)
    // The source and its due time; the comment and its two places; the thread and its place, which moves.
    expect(cost.rowsWritten).toBeLessThanOrEqual(8)
    expect(cost.rowsRead).toBeLessThanOrEqual(20)
    expect(
      await first('SELECT read_at, newest_id FROM threads WHERE source_id = ? AND id = 7', SOURCE),
    ).toEqual({
      read_at: 1,
      newest_id: ROWS + 1,
    })
  })
})

describe('An idle poll', () => {
  it('of comments costs two round trips besides what is due and the commit', async () => {
    const tubewire = testDeps()
    const instance = await control.instance({ videos: 3, limits: { api: 10_000 } })
    const id = await watch(instance.origin, tubewire.deps, 0, ['comments'])
    await leap(tubewire, { instance, id }, 60_000)
    tubewire.advance(660_000)
    await instance.advance(660_000)
    const { db, cost } = countCosts(env.DB)
    await pollInstance({ ...tubewire.deps, env: { ...tubewire.deps.env, DB: db } }, id)
    expect(tubewire.log.at(-1)).toMatchObject({ log: 'poll', requests: 1, outcome: 'nothing-new' })
    expect(cost.roundTrips).toBeLessThanOrEqual(4)
    expect(cost.rowsWritten).toBeLessThanOrEqual(2)
    expect(cost.rowsRead).toBeLessThanOrEqual(20)
  })
})
