/** @module Key pairs of the service itself. */
import { desc, eq, like, or } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { serviceKeys } from './schema.ts'

export type ServiceKey = typeof serviceKeys.$inferSelect

/** A key pair, or null when there is none yet. @param id what it is for: `actor`, `webhooks`. */
export async function findServiceKey(db: D1Database, id: string): Promise<ServiceKey | null> {
  const found = await drizzle(db).select().from(serviceKeys).where(eq(serviceKeys.id, id))
  return found[0] ?? null
}

/**
 * The key pairs of one purpose: that of its id, and those that were renamed to the id, a hyphen and anything. The newest first.
 * @param id a word: no `%` or `_`.
 */
export function listServiceKeys(db: D1Database, id: string): Promise<ServiceKey[]> {
  return drizzle(db)
    .select()
    .from(serviceKeys)
    .where(or(eq(serviceKeys.id, id), like(serviceKeys.id, `${id}-%`)))
    .orderBy(desc(serviceKeys.createdAt), serviceKeys.id)
}

/**
 * Stores a key pair, unless there is one: somebody else may have made one at the same time.
 * @returns the one that is stored.
 */
export async function keepServiceKey(db: D1Database, key: ServiceKey): Promise<ServiceKey> {
  const orm = drizzle(db)
  const [, stored] = await orm.batch([
    orm.insert(serviceKeys).values(key).onConflictDoNothing(),
    orm.select().from(serviceKeys).where(eq(serviceKeys.id, key.id)),
  ])
  // A batch is one transaction: nobody can have taken it away in between.
  if (!stored[0]) throw new Error(`the service key ${key.id} was not stored`)
  return stored[0]
}
