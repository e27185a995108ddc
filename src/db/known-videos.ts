/** @module What is known of a source's videos: read page by page, written with the poll's guard. */
import type { KnownVideo } from '../events/detect-videos.ts'
import { jsonParts } from './json-parts.ts'
import type { GuardedWrite } from './polls.ts'

const COLUMNS = `v.uuid AS uuid, v.published_at AS publishedAt, v.state AS state, v.data AS data, v.tags AS tags,
  v.comments AS comments, v.comments_read AS commentsRead, v.returns AS returns`

/** So many missing videos are read at once: whatever comes beyond is found by a later page or pass. */
const MAX_MISSING = 200

/**
 * What is known of a page's videos, and which others the list should show between its ends. One round trip.
 *
 * @param uuids of the page.
 * @param span `publishedAt` between which the page shows everything, both excluded: milliseconds since the epoch.
 * @returns `missing`: UUIDs of listed videos within the span that are not on the page.
 */
export async function knownPage(
  db: D1Database,
  sourceId: string,
  uuids: readonly string[],
  span: { after: number; before: number },
): Promise<{ known: Map<string, KnownVideo>; missing: string[] }> {
  const { results } = await db
    // CROSS JOIN keeps the order as written: otherwise SQLite may walk all videos and look each up in the list.
    .prepare(
      `SELECT ${COLUMNS}, 0 AS isMissing FROM json_each(?1) j CROSS JOIN videos v ON v.source_id = ?2 AND v.uuid = j.value
       UNION ALL
       SELECT * FROM (
         SELECT uuid, published_at, state, '', NULL, NULL, NULL, 0, 1 FROM videos INDEXED BY videos_listed
         WHERE source_id = ?2 AND state = 'listed' AND published_at > ?3 AND published_at < ?4
           AND uuid NOT IN (SELECT value FROM json_each(?1))
         ORDER BY published_at DESC LIMIT ${MAX_MISSING})`,
    )
    .bind(JSON.stringify(uuids), sourceId, span.after, span.before)
    .all<KnownVideo & { isMissing: number }>()
  const known = results.filter(({ isMissing }) => isMissing === 0)
  return {
    known: new Map(known.map((row) => [row.uuid, row])),
    missing: results.flatMap(({ uuid, isMissing }) => (isMissing === 1 ? [uuid] : [])),
  }
}

/** What is known of some videos of a source, by UUID. */
export async function knownVideos(
  db: D1Database,
  sourceId: string,
  uuids: readonly string[],
): Promise<Map<string, KnownVideo>> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM json_each(?) j CROSS JOIN videos v ON v.source_id = ? AND v.uuid = j.value`,
    )
    .bind(JSON.stringify(uuids), sourceId)
    .all<KnownVideo>()
  return new Map(results.map((row) => [row.uuid, row]))
}

/** The videos that a source knows and its list doesn't show, those that were looked at the longest ago. */
export async function unlistedVideos(db: D1Database, sourceId: string, limit: number): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT uuid FROM videos INDEXED BY videos_unlisted WHERE source_id = ? AND state <> 'listed'
       ORDER BY seen_at LIMIT ?`,
    )
    .bind(sourceId, limit)
    .all<{ uuid: string }>()
  return results.map(({ uuid }) => uuid)
}

/** Keeps what was learned of videos. */
export function rememberVideos(sourceId: string, rows: readonly KnownVideo[], now: number): GuardedWrite {
  return (db, guard) =>
    jsonParts(rows).map((part) =>
      db
        .prepare(
          `INSERT INTO videos (source_id, uuid, published_at, seen_at, state, data, tags, comments, comments_read, returns)
           SELECT ?, value ->> 'uuid', value ->> 'publishedAt', ?, value ->> 'state', value ->> 'data', value ->> 'tags',
                  value ->> 'comments', value ->> 'commentsRead', value ->> 'returns'
           FROM json_each(?) WHERE ${guard.sql}
           ON CONFLICT (source_id, uuid) DO UPDATE SET published_at = excluded.published_at, seen_at = excluded.seen_at,
             state = excluded.state, data = excluded.data, tags = excluded.tags, comments = excluded.comments,
             comments_read = excluded.comments_read, returns = excluded.returns`,
        )
        .bind(sourceId, now, part, ...guard.values),
    )
}

/** Forgets videos that are no more. */
export function forgetVideos(sourceId: string, uuids: readonly string[]): GuardedWrite {
  return (db, guard) => [
    db
      .prepare(
        `DELETE FROM videos WHERE source_id = ? AND uuid IN (SELECT value FROM json_each(?)) AND ${guard.sql}`,
      )
      .bind(sourceId, JSON.stringify(uuids), ...guard.values),
  ]
}
