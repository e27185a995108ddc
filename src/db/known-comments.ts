/** @module What is known of a source's comments and threads: read thread by thread, written with the poll's guard. */
import type { KnownComment, KnownThread } from '../events/detect-comments.ts'
import { type KnownVideo, knownVideo } from '../events/detect-videos.ts'
import type { Video } from '../events/types.ts'
import { jsonParts } from './json-parts.ts'
import type { GuardedWrite } from './polls.ts'

const COMMENT = `c.id AS id, c.thread_id AS threadId, c.video_uuid AS videoUuid, c.created_at AS createdAt,
  c.data AS data, c.is_public AS isPublic, c.public_text AS publicText, c.deleted_at AS deletedAt`
const THREAD = `t.id AS id, t.video_uuid AS videoUuid, t.read_at AS readAt, t.active_at AS activeAt,
  t.newest_id AS newestId, t.replies AS replies`

type CommentRow = Omit<KnownComment, 'isPublic'> & { isPublic: number }

const commentOf = (row: CommentRow): KnownComment => ({ ...row, isPublic: row.isPublic === 1 })

/** What is known of a thread and the comments in it. One round trip. */
export async function knownThread(
  db: D1Database,
  sourceId: string,
  threadId: number,
): Promise<{ thread: KnownThread | undefined; comments: Map<number, KnownComment> }> {
  const [threads, comments] = await db.batch<Record<string, unknown>>([
    db.prepare(`SELECT ${THREAD} FROM threads t WHERE t.source_id = ? AND t.id = ?`).bind(sourceId, threadId),
    db
      // Otherwise SQLite walks all comments of the source, along the primary key.
      .prepare(
        `SELECT ${COMMENT} FROM comments c INDEXED BY comments_thread WHERE c.source_id = ? AND c.thread_id = ?`,
      )
      .bind(sourceId, threadId),
  ])
  // The rows have the shapes of these SELECTs.
  const rows = (comments?.results ?? []) as CommentRow[]
  return {
    thread: threads?.results[0] as KnownThread | undefined,
    comments: new Map(rows.map((row) => [row.id, commentOf(row)])),
  }
}

/** So many that a list should show are told at a time. */
export const MAX_MISSING = 200

/**
 * What is known of a page's comments, and which others the list should show between its ends.
 * @param page the numbers that it shows; `noted`: those that it should show, and of which that is known.
 * @param span `createdAt` between which the page shows everything, both excluded: milliseconds since the epoch.
 */
export async function knownCommentsPage(
  db: D1Database,
  sourceId: string,
  page: { ids: readonly number[]; noted: readonly number[] },
  span: { after: number; before: number },
): Promise<{ known: Map<number, KnownComment>; missing: KnownComment[] }> {
  const { results } = await db
    .prepare(
      `SELECT ${COMMENT}, 0 AS isMissing FROM json_each(?1) j
         CROSS JOIN comments c ON c.source_id = ?2 AND c.id = j.value
       UNION ALL
       SELECT * FROM (
         SELECT ${COMMENT}, 1 FROM comments c INDEXED BY comments_created
         WHERE c.source_id = ?2 AND c.deleted_at IS NULL AND c.created_at > ?3 AND c.created_at < ?4
           AND c.id NOT IN (SELECT value FROM json_each(?1)) AND c.id NOT IN (SELECT value FROM json_each(?5))
         ORDER BY c.created_at DESC LIMIT ${MAX_MISSING})`,
    )
    .bind(JSON.stringify(page.ids), sourceId, span.after, span.before, JSON.stringify(page.noted))
    .all<CommentRow & { isMissing: number }>()
  return {
    known: new Map(
      results.flatMap(({ isMissing, ...row }) => (isMissing ? [] : [[row.id, commentOf(row)] as const])),
    ),
    missing: results.flatMap(({ isMissing, ...row }) => (isMissing ? [commentOf(row)] : [])),
  }
}

/** What is known of these comments, by number. */
export async function knownComments(
  db: D1Database,
  sourceId: string,
  ids: readonly number[],
): Promise<Map<number, KnownComment>> {
  const { results } = await db
    .prepare(
      `SELECT ${COMMENT} FROM json_each(?) j CROSS JOIN comments c ON c.source_id = ? AND c.id = j.value`,
    )
    .bind(JSON.stringify(ids), sourceId)
    .all<CommentRow>()
  return new Map(results.map((row) => [row.id, commentOf(row)]))
}

/**
 * The comments between these dates that not everybody may see, oldest first: those that are held for review, and those on
 * private videos.
 * @param span `createdAt`, in milliseconds since the epoch: before the second, from the first on, and of that date those with a
 * higher number.
 */
export async function privateComments(
  db: D1Database,
  sourceId: string,
  span: { after: { createdAt: number; id: number }; before: number },
  limit: number,
): Promise<KnownComment[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COMMENT} FROM comments c INDEXED BY comments_private
       WHERE c.source_id = ?1 AND c.is_public = 0 AND c.deleted_at IS NULL
         AND c.created_at >= ?2 AND c.created_at < ?3 AND (c.created_at, c.id) > (?2, ?4)
       ORDER BY c.created_at, c.id LIMIT ?5`,
    )
    .bind(sourceId, span.after.createdAt, span.before, span.after.id, limit)
    .all<CommentRow>()
  return results.map(commentOf)
}

/** What is known of these threads, by number. */
export async function knownThreads(
  db: D1Database,
  sourceId: string,
  ids: readonly number[],
): Promise<Map<number, KnownThread>> {
  const { results } = await db
    .prepare(
      `SELECT ${THREAD} FROM json_each(?) j CROSS JOIN threads t ON t.source_id = ? AND t.id = j.value`,
    )
    .bind(JSON.stringify(ids), sourceId)
    .all<KnownThread>()
  return new Map(results.map((row) => [row.id, row]))
}

/**
 * Threads of public videos in which somebody wrote since then, those that were read the longest ago, before `readBefore`.
 * It looks at all in which somebody did.
 * @param but not these.
 */
export async function threadsToRevisit(
  db: D1Database,
  { id, instanceId }: { id: string; instanceId: string },
  { activeSince, readBefore, limit }: { activeSince: number; readBefore: number; limit: number },
  but: readonly number[] = [],
): Promise<{ id: number; videoUuid: string }[]> {
  const { results } = await db
    .prepare(
      `SELECT t.id AS id, t.video_uuid AS videoUuid FROM threads t INDEXED BY threads_active
       WHERE t.source_id = ? AND t.active_at >= ? AND t.read_at > 0 AND t.read_at < ?
         AND t.id NOT IN (SELECT value FROM json_each(?)) AND EXISTS (
         SELECT 1 FROM sources s CROSS JOIN videos v ON v.source_id = s.id AND v.uuid = t.video_uuid
         WHERE s.instance_id = ? AND s.kind = 'videos' AND s.owner_id IS NULL AND v.state = 'listed')
       ORDER BY t.read_at LIMIT ?`,
    )
    .bind(id, activeSince, readBefore, JSON.stringify(but), instanceId, limit)
    .all<{ id: number; videoUuid: string }>()
  return results
}

/** The public videos of an instance among these, by UUID: those that one of its sources of videos shows everybody. */
export async function publicVideos(
  db: D1Database,
  instanceId: string,
  uuids: readonly string[],
): Promise<Map<string, Video>> {
  const { results } = await db
    .prepare(
      `SELECT v.uuid AS uuid, v.data AS data, v.tags AS tags
       FROM json_each(?) j
         CROSS JOIN sources s ON s.instance_id = ? AND s.kind = 'videos' AND s.owner_id IS NULL
         CROSS JOIN videos v ON v.source_id = s.id AND v.uuid = j.value
       WHERE v.state = 'listed'`,
    )
    .bind(JSON.stringify([...new Set(uuids)]), instanceId)
    .all<Pick<KnownVideo, 'uuid' | 'data' | 'tags'>>()
  return new Map(
    results.flatMap((row) => {
      const video = knownVideo(row)
      return video ? [[row.uuid, video] as const] : []
    }),
  )
}

/** A video of a source. `comments`: as many as its list counts. `unread`: so many more than when its threads were last read. */
export type CountedVideo = { sourceId: string; uuid: string; comments: number; unread: number }

/** Videos whose number of comments is another than when their threads were last read. */
export async function videosWithUnreadComments(
  db: D1Database,
  instanceId: string,
  limit: number,
): Promise<CountedVideo[]> {
  const { results } = await db
    .prepare(
      `SELECT v.source_id AS sourceId, v.uuid AS uuid, v.comments AS comments, v.comments - v.comments_read AS unread
       FROM sources s CROSS JOIN videos v INDEXED BY videos_unread_comments
         ON v.source_id = s.id AND v.comments <> v.comments_read
       WHERE s.instance_id = ? AND s.kind = 'videos' AND s.owner_id IS NULL AND v.state = 'listed' LIMIT ?`,
    )
    .bind(instanceId, limit)
    .all<CountedVideo>()
  return results
}

/** The newest public videos of an instance: those on which people write. */
export async function newestVideos(db: D1Database, instanceId: string, limit: number): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT v.uuid AS uuid
       FROM sources s CROSS JOIN videos v INDEXED BY videos_listed ON v.source_id = s.id AND v.state = 'listed'
       WHERE s.instance_id = ? AND s.kind = 'videos' AND s.owner_id IS NULL
       ORDER BY v.published_at DESC LIMIT ?`,
    )
    .bind(instanceId, limit)
    .all<{ uuid: string }>()
  return results.map(({ uuid }) => uuid)
}

/** Keeps what was learned of comments. */
export function rememberComments(sourceId: string, rows: readonly KnownComment[]): GuardedWrite {
  return (db, guard) =>
    jsonParts(rows).map((part) =>
      db
        .prepare(
          `INSERT INTO comments (source_id, id, thread_id, video_uuid, created_at, data, is_public, public_text, deleted_at)
           SELECT ?, value ->> 'id', value ->> 'threadId', value ->> 'videoUuid', value ->> 'createdAt',
                  value ->> 'data', value ->> 'isPublic', value ->> 'publicText', value ->> 'deletedAt'
           FROM json_each(?) WHERE ${guard.sql}
           ON CONFLICT (source_id, id) DO UPDATE SET data = excluded.data, is_public = excluded.is_public,
             public_text = excluded.public_text, deleted_at = excluded.deleted_at`,
        )
        .bind(sourceId, part, ...guard.values),
    )
}

/** Keeps what was learned of threads. */
export function rememberThreads(sourceId: string, rows: readonly KnownThread[]): GuardedWrite {
  return (db, guard) =>
    jsonParts(rows).map((part) =>
      db
        .prepare(
          `INSERT INTO threads (source_id, id, video_uuid, read_at, active_at, newest_id, replies)
           SELECT ?, value ->> 'id', value ->> 'videoUuid', value ->> 'readAt', value ->> 'activeAt',
                  value ->> 'newestId', value ->> 'replies'
           FROM json_each(?) WHERE ${guard.sql}
           ON CONFLICT (source_id, id) DO UPDATE SET read_at = excluded.read_at, active_at = excluded.active_at,
             newest_id = excluded.newest_id, replies = excluded.replies`,
        )
        .bind(sourceId, part, ...guard.values),
    )
}

/** Forgets threads that are no more. */
export function forgetThreads(sourceId: string, ids: readonly number[]): GuardedWrite {
  return (db, guard) => [
    db
      .prepare(
        `DELETE FROM threads WHERE source_id = ? AND id IN (SELECT value FROM json_each(?)) AND ${guard.sql}`,
      )
      .bind(sourceId, JSON.stringify(ids), ...guard.values),
  ]
}

/**
 * Notes that the threads of these videos were read: as many comments as were counted then, whatever is counted by now. Each source
 * counts by itself: one list may be read a day after another.
 */
export function noteCommentsRead(
  counted: readonly Pick<CountedVideo, 'sourceId' | 'uuid' | 'comments'>[],
): GuardedWrite {
  return (db, guard) => [
    db
      .prepare(
        // With UPDATE FROM SQLite would walk all videos.
        `UPDATE videos SET comments_read = (
           SELECT value ->> 'comments' FROM json_each(?1)
           WHERE value ->> 'sourceId' = videos.source_id AND value ->> 'uuid' = videos.uuid)
         WHERE (source_id, uuid) IN (SELECT value ->> 'sourceId', value ->> 'uuid' FROM json_each(?1))
           AND ${guard.sql}`,
      )
      .bind(JSON.stringify(counted), ...guard.values),
  ]
}
