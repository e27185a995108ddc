/** @module Which sources are read at all. Those that are not are due never, so that whoever looks for what is due skips them. */
import { isLetIn } from './user-row.ts'

/** When a source is due that is not to be read. */
export const NEVER = Number.MAX_SAFE_INTEGER

/**
 * A condition that a row of sources may be read: its instance is not paused, and what is read as somebody has a login that
 * holds, of an owner who is let in.
 * @param source what the statement calls the row.
 */
export function isReadable(source: string): string {
  return `(EXISTS (SELECT 1 FROM instances readable WHERE readable.id = ${source}.instance_id AND readable.paused_at IS NULL)
    AND (${source}.connection_id IS NULL OR EXISTS (
      SELECT 1 FROM connections login JOIN users reader ON reader.id = login.owner_id
      WHERE login.id = ${source}.connection_id AND login.state = 'active' AND ${isLetIn('reader')})))`
}
