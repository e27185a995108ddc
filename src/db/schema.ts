/**
 * @module The tables, in the words of the glossary. Times are integer milliseconds since the epoch: never text, which
 * compares wrongly. `drizzle-kit` makes the migrations from this file; two tables are clustered by hand there (WITHOUT
 * ROWID: docs/decisions/003), because a written row costs a thousand times as much as a read one.
 */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Who owns things. One administrator for now, made by a migration. */
export const users = sqliteTable('users', {
  id: text('id').primaryKey(),
  /** 0 Administrator, 1 Moderator, 2 User, as in PeerTube. */
  role: integer('role').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** PeerTube servers. */
export const instances = sqliteTable(
  'instances',
  {
    id: text('id').primaryKey(),
    /** Who added it. */
    ownerId: text('owner_id')
      .notNull()
      .references(() => users.id),
    /** e.g. `https://peertube.example`. */
    origin: text('origin').notNull(),
    /** Host, and port unless it is the default one: how events name the instance. */
    host: text('host').notNull(),
    name: text('name').notNull(),
    version: text('version').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [uniqueIndex('instances_host').on(table.host)],
)

/** One thing polled on an instance, and how far it has been read. */
export const sources = sqliteTable(
  'sources',
  {
    id: text('id').primaryKey(),
    instanceId: text('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: ['videos'] }).notNull(),
    /** When it is to be read next. */
    dueAt: integer('due_at').notNull(),
    /** Counts the commits of polls. Each commits only on the revision that it read: of two pollers at once one wins. */
    revision: integer('revision').notNull().default(0),
    /** The poll that made the last revision. */
    pollId: text('poll_id'),
    /** How far it has been read: JSON, its shape is the source's own. */
    checkpoint: text('checkpoint').notNull(),
    /** Of the first page, for a 304. */
    etag: text('etag'),
    /** Of what matters on the first page: the same digest, nothing new, whatever else moved. */
    digest: text('digest'),
    polledAt: integer('polled_at'),
    succeededAt: integer('succeeded_at'),
    /** Failures in a row. */
    failures: integer('failures').notNull().default(0),
    lastError: text('last_error'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('sources_instance_kind').on(table.instanceId, table.kind),
    index('sources_due').on(table.dueAt, table.instanceId),
  ],
)

/** The videos of an instance that we know. */
export const videos = sqliteTable(
  'videos',
  {
    instanceId: text('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    uuid: text('uuid').notNull(),
    publishedAt: integer('published_at').notNull(),
    seenAt: integer('seen_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.uuid] })],
)

/** What happened: append-only. It outlives the instance's row. */
export const events = sqliteTable(
  'events',
  {
    /** AUTOINCREMENT: a number is never used twice, even when the newest event is removed. */
    sequence: integer('sequence').primaryKey({ autoIncrement: true }),
    id: text('id').notNull(),
    type: text('type').notNull(),
    instance: text('instance').notNull(),
    subject: text('subject').notNull(),
    /** Null: public. Otherwise only this user may see it. */
    ownerId: text('owner_id').references(() => users.id),
    seenAt: integer('seen_at').notNull(),
    /** The poll that found it. */
    pollId: text('poll_id').notNull(),
    data: text('data').notNull(),
  },
  (table) => [uniqueIndex('events_id').on(table.id)],
)

/** Subscribers' URLs. */
export const endpoints = sqliteTable(
  'endpoints',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => users.id),
    url: text('url').notNull(),
    description: text('description').notNull(),
    /** Encrypted: see src/secrets.ts. */
    secret: text('secret').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('endpoints_owner').on(table.ownerId)],
)

/** Which events an endpoint wants. */
export const subscriptions = sqliteTable(
  'subscriptions',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => users.id),
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => endpoints.id, { onDelete: 'cascade' }),
    /** A type, or `*` for all. */
    eventType: text('event_type').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    index('subscriptions_event_type').on(table.eventType),
    index('subscriptions_endpoint').on(table.endpointId),
  ],
)

/** One event owed to one endpoint. */
export const deliveries = sqliteTable(
  'deliveries',
  {
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => endpoints.id, { onDelete: 'cascade' }),
    eventSequence: integer('event_sequence').notNull(),
    ownerId: text('owner_id').notNull(),
    state: text('state', { enum: ['pending', 'delivered', 'failed'] }).notNull(),
    /** Attempts made. */
    attempts: integer('attempts').notNull().default(0),
    /** When the next attempt is to be made; null when there is none. */
    dueAt: integer('due_at'),
    createdAt: integer('created_at').notNull(),
    finishedAt: integer('finished_at'),
  },
  (table) => [
    primaryKey({ columns: [table.endpointId, table.eventSequence] }),
    // Partial: a finished delivery leaves it, and costs nothing there.
    index('deliveries_due').on(table.endpointId, table.dueAt).where(sql`due_at IS NOT NULL`),
  ],
)

/** One HTTP try of a delivery. */
export const attempts = sqliteTable(
  'attempts',
  {
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => endpoints.id, { onDelete: 'cascade' }),
    eventSequence: integer('event_sequence').notNull(),
    /** From 1. */
    number: integer('number').notNull(),
    startedAt: integer('started_at').notNull(),
    durationMs: integer('duration_ms').notNull(),
    /** HTTP status; null when there was no answer. */
    status: integer('status'),
    error: text('error'),
  },
  (table) => [primaryKey({ columns: [table.endpointId, table.eventSequence, table.number] })],
)
