/** @module Is the database there, and are its tables ours? */
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import * as schema from './schema.ts'

/** Whether every table and column of the schema is there. One round trip. */
export async function isMigrated(db: D1Database): Promise<boolean> {
  const expected = Object.values(schema).flatMap((table) => {
    const { name, columns } = getTableConfig(table)
    return columns.map((column) => `${name}.${column.name}`)
  })
  const missing = await db
    .prepare(
      `SELECT count(*) AS count FROM json_each(?) WHERE value NOT IN (
         SELECT m.name || '.' || c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
       )`,
    )
    .bind(JSON.stringify(expected))
    .first<number>('count')
  return missing === 0
}
