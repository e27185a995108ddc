/** @module Is the database there, and are its tables ours? */
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import * as schema from './schema.ts'

/** Whether every table and column of the schema is there. One round trip, no row read. */
export async function isMigrated(db: D1Database): Promise<boolean> {
  const statements = Object.values(schema).map((table) => {
    const { name, columns } = getTableConfig(table)
    return db.prepare(`SELECT ${columns.map((column) => column.name).join(', ')} FROM ${name} LIMIT 0`)
  })
  try {
    await db.batch(statements)
    return true
  } catch (error) {
    if (error instanceof Error && /no such (table|column)/.test(error.message)) return false
    throw error
  }
}
