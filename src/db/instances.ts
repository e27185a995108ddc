/** @module Instances and their sources: making, listing, deleting. What a poll writes is in polls.ts. */
import { asc, eq, gt, inArray, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { newId } from './id.ts'
import { instances, sources } from './schema.ts'

export type Instance = typeof instances.$inferSelect
export type Source = typeof sources.$inferSelect
/** An instance with the state of its sources. */
export type InstanceState = Instance & { sources: Source[] }

/**
 * Stores an instance with its videos source, due at once.
 * @param checkpoint JSON.
 * @returns its id, or null when the host is watched already: nothing is stored then.
 */
export async function insertInstance(
  db: D1Database,
  instance: Pick<Instance, 'ownerId' | 'origin' | 'host' | 'name' | 'version' | 'createdAt'>,
  checkpoint: string,
): Promise<string | null> {
  const id = newId('ins')
  const [inserted] = await db.batch([
    db
      .prepare(
        `INSERT INTO instances (id, owner_id, origin, host, name, version, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT (host) DO NOTHING`,
      )
      .bind(
        id,
        instance.ownerId,
        instance.origin,
        instance.host,
        instance.name,
        instance.version,
        instance.createdAt,
      ),
    // From the row above, so that there is no source when the host was watched already.
    db
      .prepare(
        `INSERT INTO sources (id, instance_id, kind, due_at, checkpoint, created_at)
         SELECT ?, id, 'videos', ?, ?, ? FROM instances WHERE id = ?`,
      )
      .bind(newId('src'), instance.createdAt, checkpoint, instance.createdAt, id),
  ])
  return inserted?.meta.changes ? id : null
}

/** One instance by id, or null. */
export async function findInstance(db: D1Database, id: string): Promise<InstanceState | null> {
  return (
    (await withSources(db, await drizzle(db).select().from(instances).where(eq(instances.id, id))))[0] ?? null
  )
}

/** The instance with this host, or null. @param host with the port, unless it is the default one. */
export async function findInstanceByHost(db: D1Database, host: string): Promise<InstanceState | null> {
  const found = await drizzle(db).select().from(instances).where(eq(instances.host, host))
  return (await withSources(db, found))[0] ?? null
}

/** A page of instances in the order of their ids. @param after the last id of the page before. */
export async function listInstances(db: D1Database, after: string, limit: number): Promise<InstanceState[]> {
  const page = await drizzle(db)
    .select()
    .from(instances)
    .where(gt(instances.id, after))
    .orderBy(asc(instances.id))
    .limit(limit)
  return withSources(db, page)
}

async function withSources(db: D1Database, found: Instance[]): Promise<InstanceState[]> {
  if (found.length === 0) return []
  // As one parameter: D1 binds a hundred at most.
  const ids = JSON.stringify(found.map(({ id }) => id))
  const rows = await drizzle(db)
    .select()
    .from(sources)
    .where(inArray(sources.instanceId, sql`(SELECT value FROM json_each(${ids}))`))
  const byInstance = Map.groupBy(rows, ({ instanceId }) => instanceId)
  return found.map((instance) => ({ ...instance, sources: byInstance.get(instance.id) ?? [] }))
}

/** Stops watching: deletes the instance, its sources and the videos known of it. Its events stay. @returns whether it was there. */
export async function deleteInstance(db: D1Database, id: string): Promise<boolean> {
  const { meta } = await drizzle(db).delete(instances).where(eq(instances.id, id))
  return meta.changes > 0
}

/** Makes all sources of an instance due now. @returns whether it is there. */
export async function makeDue(db: D1Database, id: string, now: number): Promise<boolean> {
  const { meta } = await drizzle(db).update(sources).set({ dueAt: now }).where(eq(sources.instanceId, id))
  return meta.changes > 0
}
