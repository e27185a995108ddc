/** @module Applies the migrations to the local database, in wrangler's own bookkeeping: `wrangler d1 migrations` sees the same state. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What of D1 is used here: the database as miniflare hands it to Node. */
type Database = Pick<D1Database, 'prepare' | 'batch'>

/**
 * Applies what has not been applied yet, each file in one transaction.
 * @throws Error naming the file that failed.
 */
export async function migrate(db: Database, folder: string): Promise<void> {
  await db
    .prepare(
      `CREATE TABLE IF NOT EXISTS d1_migrations (
         id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
         applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
       )`,
    )
    .run()
  const { results } = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
  const applied = new Set(results.map(({ name }) => name))
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  for (const name of files.filter((file) => !applied.has(file))) {
    const sql = await readFile(join(folder, name), 'utf8')
    try {
      // One statement to D1, which runs all that it says. Each that is prepared by itself costs a wait for workerd: half a second
      // in all.
      await db.batch([db.prepare(sql), db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name)])
    } catch (cause) {
      throw new Error(`the migration ${name} failed: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      })
    }
  }
}
