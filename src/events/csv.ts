/**
 * @module Events as CSV: RFC 4180, in UTF-8. For people with a spreadsheet; programs are better served by NDJSON.
 *
 * A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and anybody may call his video
 * `=HYPERLINK(…)`. So a text that begins so has a `'` put in front, as OWASP's "CSV Injection" advises. The texts as they
 * are stand in the last column, which is JSON.
 */
import type { LoggedEvent } from './envelope.ts'
import type { Comment, Video, VideoReference } from './types.ts'

const COLUMNS = [
  'sequence',
  'id',
  'type',
  'timestamp',
  'instance',
  'video_uuid',
  'video_url',
  'video_name',
  'channel_handle',
  'account_handle',
  'duration',
  'published_at',
  'comment_url',
  'commenter_handle',
  'data',
]

/** The first line: what the columns are called. */
export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`

/** An event as a line, CRLF included. What it doesn't have, such as a video, is empty. */
export function csvLine(event: LoggedEvent): string {
  // As `NewEvent` has it: of a comment's video less is known than of others.
  const { video, comment } = JSON.parse(event.data) as {
    video?: Partial<VideoReference & Pick<Video, 'duration' | 'publishedAt'>>
    comment?: Partial<Comment>
  }
  return line([
    event.sequence,
    event.id,
    event.type,
    new Date(event.seenAt).toISOString(),
    event.instance,
    video?.uuid,
    video?.url,
    video?.name,
    video?.channel?.handle,
    video?.account?.handle,
    video?.duration,
    video?.publishedAt,
    comment?.url,
    comment?.account?.handle,
    event.data,
  ])
}

function line(cells: readonly (string | number | undefined)[]): string {
  return `${cells.map(cell).join(',')}\r\n`
}

/** What begins a formula, also after spaces or in full width; and what some spreadsheets skip at the beginning of a cell. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/

function cell(value: string | number | undefined): string {
  if (typeof value !== 'string') return String(value ?? '')
  const text = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
