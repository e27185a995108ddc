/**
 * @module A filter in the database: as it was asked for, as columns that SQL compares, and as keys by which an event finds it
 * (src/events/filter.ts). The three are written together.
 */
import { SEPARATOR } from '../events/facets.ts'
import { type Filter, keysOf, wantedOf } from '../events/filter.ts'

/** The columns of a filter, in the order of `filterValues`. */
export const FILTER_COLUMNS = [
  'filter',
  'instances',
  'channels',
  'accounts',
  'videos',
  'languages',
  'categories',
  'tags',
  'notification_kinds',
  'nsfw',
  'local_only',
  'min_duration',
  'max_duration',
  'text',
]

/** A list as one text with a separator at each end, so that each of its values stands between two. */
export function between(values: readonly string[]): string {
  return `${SEPARATOR}${values.join(SEPARATOR)}${SEPARATOR}`
}

/** The values of a filter, in the order of `FILTER_COLUMNS`. */
export function filterValues(filter: Filter): (string | number | null)[] {
  const wanted = wantedOf(filter)
  const list = (values: readonly string[] | null) => values && between(values)
  return [
    JSON.stringify(filter),
    list(wanted.instances),
    list(wanted.channels),
    list(wanted.accounts),
    list(wanted.videos),
    list(wanted.languages),
    list(wanted.categories),
    list(wanted.tags),
    list(wanted.notificationKinds),
    wanted.nsfw === null ? null : Number(wanted.nsfw),
    Number(wanted.localOnly),
    wanted.minDuration,
    wanted.maxDuration,
    wanted.text,
  ]
}

/** What has a filter, with the table of its keys. */
export const FILTERED = {
  subscriptions: { keys: 'subscription_keys', id: 'subscription_id' },
  feeds: { keys: 'feed_keys', id: 'feed_id' },
} as const
export type Filtered = keyof typeof FILTERED

/** Writes the keys of a row that has this filter. */
export function keysStatement(
  db: D1Database,
  table: Filtered,
  rowId: string,
  filter: Filter,
): D1PreparedStatement {
  const { keys, id } = FILTERED[table]
  return db
    .prepare(
      `INSERT INTO ${keys} (type, kind, value, ${id})
       SELECT value ->> 'type', value ->> 'kind', value ->> 'value', s.id
       FROM ${table} s CROSS JOIN json_each(?) WHERE s.id = ? AND s.filter = ?`,
    )
    .bind(JSON.stringify(keysOf(filter)), rowId, JSON.stringify(filter))
}

/** Writes the keys of a row anew, as a part of the change that gives it this filter. */
export function keysStatements(
  db: D1Database,
  table: Filtered,
  rowId: string,
  filter: Filter,
): D1PreparedStatement[] {
  const { keys, id } = FILTERED[table]
  return [
    // Where another change won, the filter is another one (or the same, and then its keys are right).
    db
      .prepare(
        `DELETE FROM ${keys} WHERE ${id} = ?1 AND EXISTS (SELECT 1 FROM ${table} WHERE id = ?1 AND filter = ?2)`,
      )
      .bind(rowId, JSON.stringify(filter)),
    keysStatement(db, table, rowId, filter),
  ]
}
