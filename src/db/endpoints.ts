/** @module Endpoints and their subscriptions. */
import { and, asc, eq, gt } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { newId } from './id.ts'
import { endpoints, subscriptions } from './schema.ts'

export type Endpoint = typeof endpoints.$inferSelect

/** What is told of an endpoint when it is made. */
export type NewEndpoint = Pick<Endpoint, 'id' | 'ownerId' | 'url' | 'description' | 'secret' | 'createdAt'>

/** Stores an endpoint with a subscription to all events. */
export async function insertEndpoint(db: D1Database, endpoint: NewEndpoint): Promise<void> {
  const orm = drizzle(db)
  await orm.batch([
    orm.insert(endpoints).values({ ...endpoint, updatedAt: endpoint.createdAt }),
    orm.insert(subscriptions).values({
      id: newId('sub'),
      ownerId: endpoint.ownerId,
      endpointId: endpoint.id,
      eventType: '*',
      createdAt: endpoint.createdAt,
    }),
  ])
}

/** One of a user's endpoints, or null: somebody else's is as good as none. */
export async function findEndpoint(db: D1Database, userId: string, id: string): Promise<Endpoint | null> {
  const found = await drizzle(db)
    .select()
    .from(endpoints)
    .where(and(eq(endpoints.id, id), eq(endpoints.ownerId, userId)))
  return found[0] ?? null
}

/** A page of a user's endpoints in the order of their ids. @param after the last id of the page before. */
export async function listEndpoints(
  db: D1Database,
  userId: string,
  after: string,
  limit: number,
): Promise<Endpoint[]> {
  return drizzle(db)
    .select()
    .from(endpoints)
    .where(and(eq(endpoints.ownerId, userId), gt(endpoints.id, after)))
    .orderBy(asc(endpoints.id))
    .limit(limit)
}

/** Deletes a user's endpoint with its subscriptions, deliveries and attempts. @returns whether it was there. */
export async function deleteEndpoint(db: D1Database, userId: string, id: string): Promise<boolean> {
  const { meta } = await drizzle(db)
    .delete(endpoints)
    .where(and(eq(endpoints.id, id), eq(endpoints.ownerId, userId)))
  return meta.changes > 0
}
