/**
 * @module The tables, in the words of the glossary. Times are integer milliseconds since the epoch: never text, which
 * compares wrongly. `drizzle-kit` makes the migrations from this file; some tables are clustered by hand there (WITHOUT
 * ROWID: docs/decisions/003), because a written row costs a thousand times as much as a read one.
 */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/** Who owns things. The first administrator, `root`, is made by a migration; the first start gives it a password. */
export const users = sqliteTable(
  'users',
  {
    id: text('id').primaryKey(),
    /** 0 Administrator, 1 Moderator, 2 User, as in PeerTube. */
    role: integer('role').notNull(),
    createdAt: integer('created_at').notNull(),
    /** Lower case. */
    username: text('username').notNull().default(''),
    /** Lower case; null when there is none: mail can't reset such a password. */
    email: text('email'),
    emailVerifiedAt: integer('email_verified_at'),
    /** An address that is not verified yet, and takes the place of `email` when it is. */
    pendingEmail: text('pending_email'),
    /** With its parameters: see src/passwords.ts. Null: nobody can log in. */
    passwordHash: text('password_hash'),
    state: text('state', { enum: ['active', 'waiting-for-email', 'waiting-for-approval'] })
      .notNull()
      .default('active'),
    blockedAt: integer('blocked_at'),
    blockedReason: text('blocked_reason'),
    lastLoginAt: integer('last_login_at'),
    updatedAt: integer('updated_at').notNull().default(0),
    /** Counts the changes, so that of two that began from the same state one is refused. */
    revision: integer('revision').notNull().default(0),
  },
  (table) => [
    uniqueIndex('users_username').on(table.username),
    uniqueIndex('users_email').on(table.email),
    index('users_created').on(table.createdAt, table.id),
    // One for each order of the list of those of one state.
    index('users_state').on(table.state, table.createdAt, table.id),
    index('users_state_username').on(table.state, table.username, table.id),
    index('users_pending_email').on(table.pendingEmail),
    // Partial: whether there is another administrator is asked before one goes.
    index('users_administrators').on(table.createdAt, table.id).where(sql`role = 0`),
  ],
)

/** Who is logged in. One session a user: that is the primary key. Tokens are digests, never the tokens themselves. */
export const sessions = sqliteTable(
  'sessions',
  {
    userId: text('user_id')
      .primaryKey()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** New for each login; a refresh keeps it. */
    id: text('id').notNull(),
    accessHash: text('access_hash').notNull(),
    accessExpiresAt: integer('access_expires_at').notNull(),
    refreshHash: text('refresh_hash').notNull(),
    refreshExpiresAt: integer('refresh_expires_at').notNull(),
    createdAt: integer('created_at').notNull(),
    /** The access token of the session that this one took the place of: whoever shows it is told so. */
    supersededHash: text('superseded_hash'),
  },
  (table) => [
    uniqueIndex('sessions_access').on(table.accessHash),
    uniqueIndex('sessions_refresh').on(table.refreshHash),
    index('sessions_id').on(table.id),
    index('sessions_superseded').on(table.supersededHash).where(sql`superseded_hash IS NOT NULL`),
  ],
)

/** Links that sign somebody in, once: digests only. */
export const signInLinks = sqliteTable(
  'sign_in_links',
  {
    hash: text('hash').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    index('sign_in_links_expires').on(table.expiresAt),
    index('sign_in_links_user').on(table.userId),
  ],
)

/** Refresh tokens that were used: whoever shows one again has stolen it, or was robbed of it. */
export const usedRefreshTokens = sqliteTable(
  'used_refresh_tokens',
  {
    hash: text('hash').primaryKey(),
    sessionId: text('session_id').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('used_refresh_tokens_expires').on(table.expiresAt)],
)

/** Tokens in mails: single use, digests only. */
export const mailTokens = sqliteTable(
  'mail_tokens',
  {
    hash: text('hash').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    purpose: text('purpose', { enum: ['verify-email', 'reset-password'] }).notNull(),
    /** The address that it was sent to: a token verifies this one and no other. */
    email: text('email').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    index('mail_tokens_user').on(table.userId, table.purpose),
    index('mail_tokens_expires').on(table.expiresAt),
  ],
)

/** Keys of programs. */
export const apiKeys = sqliteTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** Of the whole key. */
    hash: text('hash').notNull(),
    /** Its first letters, by which its owner knows it. */
    hint: text('hint').notNull(),
    /** JSON: a list of scopes. */
    scopes: text('scopes').notNull(),
    /** Requests in the window of the API's limit; null: as everybody. */
    rateLimit: integer('rate_limit'),
    expiresAt: integer('expires_at'),
    /** To the minute: a write for each request would cost more than the request. */
    lastUsedAt: integer('last_used_at'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    revision: integer('revision').notNull().default(0),
  },
  (table) => [
    uniqueIndex('api_keys_hash').on(table.hash),
    index('api_keys_owner').on(table.ownerId, table.createdAt, table.id),
    index('api_keys_created').on(table.createdAt, table.id),
  ],
)

/** Who did what, on what, from where, when. Append-only: triggers refuse to change or delete a row. */
export const auditLog = sqliteTable(
  'audit_log',
  {
    sequence: integer('sequence').primaryKey({ autoIncrement: true }),
    at: integer('at').notNull(),
    /** The user's id; null: nobody who is known. No reference: the log outlives its users. */
    userId: text('user_id'),
    /** The name that he had then. */
    username: text('username'),
    /** How he was known: `session`, `admin-key`, the id of an API key, or `anonymous`. */
    via: text('via').notNull(),
    address: text('address').notNull(),
    /** The operation's id in the API, e.g. `delUser`. */
    action: text('action').notNull(),
    /** The id of what it was done to. */
    target: text('target'),
    /** Whether it was done: a login that fails is noted too. */
    success: integer('success', { mode: 'boolean' }).notNull(),
    requestId: text('request_id').notNull(),
  },
  (table) => [
    // One for each filter, each in the order of the sequence, with which every index ends.
    index('audit_log_user').on(table.userId),
    index('audit_log_action').on(table.action),
    index('audit_log_user_action').on(table.userId, table.action),
  ],
)

/** Answers to POSTs that carried an `Idempotency-Key`, for a day. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    /** The caller: a user's or key's id. */
    caller: text('caller').notNull(),
    key: text('key').notNull(),
    /** Of method, path and body. */
    fingerprint: text('fingerprint').notNull(),
    createdAt: integer('created_at').notNull(),
    /** Null while the request is being answered. */
    status: integer('status'),
    /** JSON `{headers, body}`, encrypted: an answer may hold a secret that is shown once. */
    answer: text('answer'),
  },
  (table) => [
    primaryKey({ columns: [table.caller, table.key] }),
    index('idempotency_keys_created').on(table.createdAt),
  ],
)

/** Mails to be sent, and, where there is no mail service, to be read by the administrator. */
export const mails = sqliteTable(
  'mails',
  {
    id: text('id').primaryKey(),
    recipient: text('recipient').notNull(),
    subject: text('subject').notNull(),
    /** Encrypted; null once it was sent. */
    text: text('text'),
    state: text('state', { enum: ['pending', 'sent', 'failed', 'kept'] }).notNull(),
    attempts: integer('attempts').notNull().default(0),
    /** When it is to be tried next; null when it isn't. */
    dueAt: integer('due_at'),
    lastError: text('last_error'),
    createdAt: integer('created_at').notNull(),
    finishedAt: integer('finished_at'),
  },
  (table) => [
    index('mails_due').on(table.dueAt).where(sql`due_at IS NOT NULL`),
    index('mails_created').on(table.createdAt, table.id),
  ],
)

/** Key pairs of the service itself. */
export const serviceKeys = sqliteTable('service_keys', {
  /** What it is for: `actor`. */
  id: text('id').primaryKey(),
  /** PEM, SubjectPublicKeyInfo. */
  publicKey: text('public_key').notNull(),
  /** PKCS #8, encrypted. */
  privateKey: text('private_key').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** How long the lists are, kept by triggers: counting a million rows for `total` would read them all. */
export const totals = sqliteTable(
  'totals',
  {
    /** A table, or what of it a filter lets through: `users:active`. */
    list: text('list').notNull(),
    /** Whose; empty: everybody's. */
    ownerId: text('owner_id').notNull(),
    total: integer('total').notNull(),
  },
  (table) => [primaryKey({ columns: [table.list, table.ownerId] })],
)

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
    /** While set it is not polled: its sources are due never. */
    pausedAt: integer('paused_at'),
    updatedAt: integer('updated_at').notNull().default(0),
    revision: integer('revision').notNull().default(0),
    /** Polls in a row that did not reach it. */
    failures: integer('failures').notNull().default(0),
    /** When the first of them was. */
    failingSince: integer('failing_since'),
    /** Since when it is called unreachable; null: it isn't. */
    unreachableAt: integer('unreachable_at'),
    /** Where it was before a permanent redirect led on to `origin`. */
    movedFrom: text('moved_from'),
  },
  (table) => [
    uniqueIndex('instances_host').on(table.host),
    index('instances_created').on(table.createdAt, table.id),
    index('instances_owner').on(table.ownerId),
    // Partial, as those of endpoints and connections: what needs attention is found among thousands that don't.
    index('instances_failing').on(table.failingSince).where(sql`failing_since IS NOT NULL`),
  ],
)

/** A user's login to an instance. */
export const connections = sqliteTable(
  'connections',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => users.id),
    instanceId: text('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    /** Of the account on the instance. */
    username: text('username').notNull(),
    /** The account's role there: 0 Administrator, 1 Moderator, 2 User. */
    role: integer('role').notNull(),
    /** `expired`: it needs a new login. */
    state: text('state', { enum: ['active', 'expired'] })
      .notNull()
      .default('active'),
    /** JSON of the client and both tokens, encrypted: see src/secrets.ts. Null once it has expired. */
    tokens: text('tokens'),
    /** When the access token ends. */
    expiresAt: integer('expires_at').notNull(),
    /** Set while the tokens are being changed for new ones: found set, the answer may have been lost. */
    refreshingSince: integer('refreshing_since'),
    lastError: text('last_error'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull().default(0),
    revision: integer('revision').notNull().default(0),
  },
  (table) => [
    uniqueIndex('connections_account').on(table.ownerId, table.instanceId, table.username),
    index('connections_owner').on(table.ownerId, table.createdAt, table.id),
    index('connections_instance').on(table.instanceId),
    index('connections_created').on(table.createdAt, table.id),
    index('connections_expired').on(table.ownerId, table.updatedAt).where(sql`state = 'expired'`),
  ],
)

/** One thing polled on an instance, and how far it has been read. */
export const sources = sqliteTable(
  'sources',
  {
    id: text('id').primaryKey(),
    instanceId: text('instance_id')
      .notNull()
      .references(() => instances.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: ['videos', 'comments', 'notifications'] }).notNull(),
    /** Which part of it: see src/events/source-target.ts. Empty: all of the instance. */
    target: text('target').notNull().default(''),
    /** As whom it is read; null: as anybody. */
    connectionId: text('connection_id').references(() => connections.id, { onDelete: 'cascade' }),
    /** Whose alone its events are; null: they are public. */
    ownerId: text('owner_id').references(() => users.id),
    /** When it is to be read next. */
    dueAt: integer('due_at').notNull(),
    /** How late its user may learn of something; null: as the configuration says. */
    maxDelayMs: integer('max_delay_ms'),
    /** Why it is due then: see src/events/pace.ts. */
    dueReason: text('due_reason').notNull().default('new'),
    /** Changes an hour, of late: what the interval is made of. */
    rate: real('rate').notNull().default(0),
    /** How it is read, of several ways: of comments. */
    method: text('method'),
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
    /** What kind of failure the last one was: see `Failure` in src/peertube/client.ts. */
    errorKind: text('error_kind'),
    lastError: text('last_error'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('sources_instance_kind_target').on(table.instanceId, table.kind, table.target),
    index('sources_due').on(table.dueAt, table.instanceId),
    index('sources_connection').on(table.connectionId),
    // Partial: most are nobody's. Without it the deletion of a user would look through all of them.
    index('sources_owner').on(table.ownerId).where(sql`owner_id IS NOT NULL`),
  ],
)

/** The videos that a source has shown: what they were when they were last looked at. */
export const videos = sqliteTable(
  'videos',
  {
    sourceId: text('source_id')
      .notNull()
      .references(() => sources.id, { onDelete: 'cascade' }),
    uuid: text('uuid').notNull(),
    publishedAt: integer('published_at').notNull(),
    seenAt: integer('seen_at').notNull(),
    /**
     * `listed`: the list shows it. The list no longer does: `unlisted`, whoever has the link may still see it; `unpublished`,
     * nobody may; `waiting`, a live that is not on; `hidden`, for a reason that we can't see.
     */
    state: text('state', { enum: ['listed', 'unlisted', 'unpublished', 'waiting', 'hidden'] })
      .notNull()
      .default('listed'),
    /** JSON of a `Video` as the list shows it; empty: it was seen before this was kept, or could not be understood. */
    data: text('data').notNull().default(''),
    /** JSON of its tags, which lists don't show; null: not known. */
    tags: text('tags'),
    /** Its comments as the list counts them, from 7.x on. */
    comments: integer('comments'),
    /** The same, when its threads were last read. */
    commentsRead: integer('comments_read'),
    /** How often it came back, of the same date, after it was unlisted or unpublished. */
    returns: integer('returns').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.sourceId, table.uuid] }),
    index('videos_listed').on(table.sourceId, table.publishedAt).where(sql`state = 'listed'`),
    // Of what the list doesn't show: what was looked at the longest ago comes first.
    index('videos_unlisted').on(table.sourceId, table.seenAt).where(sql`state <> 'listed'`),
    index('videos_unread_comments').on(table.sourceId).where(sql`comments <> comments_read`),
  ],
)

/** The comments that a source has shown, for what is changed or deleted. */
export const comments = sqliteTable(
  'comments',
  {
    sourceId: text('source_id')
      .notNull()
      .references(() => sources.id, { onDelete: 'cascade' }),
    /** The instance's own number: it grows with each comment that arrives there. */
    id: integer('id').notNull(),
    threadId: integer('thread_id').notNull(),
    videoUuid: text('video_uuid').notNull(),
    createdAt: integer('created_at').notNull(),
    /** JSON of a `Comment`. */
    data: text('data').notNull(),
    /** Whether everybody was told of it: of a held one that may be so later. */
    isPublic: integer('is_public', { mode: 'boolean' }).notNull(),
    /** What it said when everybody was last told, when `data` has what not everybody may see. */
    publicText: text('public_text'),
    deletedAt: integer('deleted_at'),
  },
  (table) => [
    primaryKey({ columns: [table.sourceId, table.id] }),
    index('comments_thread').on(table.sourceId, table.threadId),
    index('comments_created').on(table.sourceId, table.createdAt).where(sql`deleted_at IS NULL`),
    index('comments_private')
      .on(table.sourceId, table.createdAt)
      .where(sql`is_public = 0 AND deleted_at IS NULL`),
  ],
)

/** The threads that a source has read. */
export const threads = sqliteTable(
  'threads',
  {
    sourceId: text('source_id')
      .notNull()
      .references(() => sources.id, { onDelete: 'cascade' }),
    /** The number of the comment that began it. */
    id: integer('id').notNull(),
    videoUuid: text('video_uuid').notNull(),
    /** When it was last read whole; 0: never, only its number of replies is known. */
    readAt: integer('read_at').notNull(),
    /** When its newest comment was written. */
    activeAt: integer('active_at').notNull(),
    /** The highest number in it. */
    newestId: integer('newest_id').notNull(),
    /** As a list of threads counts them; -1: none did. */
    replies: integer('replies').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sourceId, table.id] }),
    index('threads_active').on(table.sourceId, table.activeAt),
  ],
)

/** The notifications of a connection that we know: those that were read are told once. */
export const notifications = sqliteTable(
  'notifications',
  {
    connectionId: text('connection_id')
      .notNull()
      .references(() => connections.id, { onDelete: 'cascade' }),
    id: integer('id').notNull(),
    read: integer('read', { mode: 'boolean' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.connectionId, table.id] })],
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
  (table) => [
    uniqueIndex('events_id').on(table.id),
    // One for each kind of list, each in the order of the sequence, with which every index ends: docs/decisions/010.
    index('events_owner').on(table.ownerId),
    index('events_type').on(table.ownerId, table.type),
    index('events_instance').on(table.ownerId, table.instance),
    index('events_instance_type').on(table.ownerId, table.instance, table.type),
    // All that happened to one video, comment or notification.
    index('events_subject').on(table.subject, table.instance),
    // Of feeds of a channel that nobody saved.
    index('events_channel')
      .on(sql`lower("data" ->> '$.video.channel.handle')`)
      .where(sql`owner_id IS NULL AND "data" ->> '$.video.channel.handle' IS NOT NULL`),
  ],
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
    /** Encrypted: see src/secrets.ts. What is in it: `SecretSet` in src/webhooks/secret-set.ts. */
    secret: text('secret').notNull(),
    createdAt: integer('created_at').notNull(),
    /** While set nothing is sent to it; what it is owed waits. */
    pausedAt: integer('paused_at'),
    /** Who may resume it: its owner, or only a moderator. `block`: its owner's account was blocked. */
    pausedBy: text('paused_by', { enum: ['owner', 'moderator', 'block'] }),
    updatedAt: integer('updated_at').notNull().default(0),
    revision: integer('revision').notNull().default(0),
    /** When its target said that it wants this; null: not yet, nothing is sent. */
    verifiedAt: integer('verified_at'),
    /** While set nothing is sent: it failed for too long, or said that it is gone. */
    disabledAt: integer('disabled_at'),
    disabledReason: text('disabled_reason'),
    /** JSON of names and values, encrypted: a value may be a token. Null: none. */
    headers: text('headers'),
    /** What it is sent at most, requests a second; null: as the configuration says. */
    rateLimit: real('rate_limit'),
    /** How many requests may wait for its answer at once; null: as many as there is room for. */
    concurrency: integer('concurrency'),
    /** How long it may take to answer; null: as the configuration says. */
    timeoutMs: integer('timeout_ms'),
    /** See src/webhooks/formats.ts. */
    format: text('format').notNull().default('standard'),
    payload: text('payload', { enum: ['full', 'thin'] })
      .notNull()
      .default('full'),
    /** The most events in one body; null: one each. */
    batchSize: integer('batch_size'),
    /** How long the first event of a body waits for others. */
    batchMs: integer('batch_ms'),
    /** What waits behind a delivery that failed: nothing, the same video or thread, or all. */
    ordering: text('ordering', { enum: ['none', 'subject', 'endpoint'] })
      .notNull()
      .default('none'),
    /** Whether it is signed with the key pair of this Tubewire, too. */
    signsAsymmetric: integer('signs_asymmetric', { mode: 'boolean' }).notNull().default(false),
    /** JSON of the owner's own names and values; null: none. */
    metadata: text('metadata'),
    /** How it went of late: see src/webhooks/health.ts. Deliveries in a row that failed. */
    failures: integer('failures').notNull().default(0),
    /** When the first of them was. */
    failingSince: integer('failing_since'),
    /** Since when one probe at a time is all that it is sent. */
    brokenSince: integer('broken_since'),
    /** Probes in a row that failed. */
    probes: integer('probes').notNull().default(0),
    /** Nothing is sent to it before then. */
    heldUntil: integer('held_until').notNull().default(0),
    /** Why its target is not verified yet, as far as that was tried. */
    verificationError: text('verification_error'),
    /** `websub`: who was subscribed to a feed at our hub. It is sent to as the others are, and is nobody's to see. */
    kind: text('kind', { enum: ['webhook', 'websub'] })
      .notNull()
      .default('webhook'),
  },
  (table) => [
    // Partial: a feed may have thousands of subscribers, and no list shows them.
    index('endpoints_owner').on(table.ownerId, table.createdAt, table.id).where(sql`kind = 'webhook'`),
    index('endpoints_created').on(table.createdAt, table.id).where(sql`kind = 'webhook'`),
    index('endpoints_of_owner').on(table.ownerId),
    index('endpoints_troubled')
      .on(table.ownerId, table.failingSince)
      .where(sql`kind = 'webhook' AND (failing_since IS NOT NULL OR disabled_at IS NOT NULL)`),
  ],
)

/** A filter: as it was asked for, and as SQL compares it. See src/db/filter-columns.ts. Null: any. */
const filterColumns = () => ({
  /** JSON of a `Filter`, as it was asked for. */
  filter: text('filter').notNull().default('{}'),
  instances: text('instances'),
  channels: text('channels'),
  accounts: text('accounts'),
  videos: text('videos'),
  languages: text('languages'),
  categories: text('categories'),
  tags: text('tags'),
  notificationKinds: text('notification_kinds'),
  nsfw: integer('nsfw', { mode: 'boolean' }),
  localOnly: integer('local_only', { mode: 'boolean' }).notNull().default(false),
  /** Seconds. */
  minDuration: integer('min_duration'),
  maxDuration: integer('max_duration'),
  /** Lower case. */
  text: text('text'),
})

/** Which events an endpoint wants: those that fit all that is said. */
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
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull().default(0),
    revision: integer('revision').notNull().default(0),
    ...filterColumns(),
  },
  (table) => [
    index('subscriptions_endpoint').on(table.endpointId, table.createdAt, table.id),
    index('subscriptions_owner').on(table.ownerId, table.createdAt, table.id),
    index('subscriptions_created').on(table.createdAt, table.id),
  ],
)

/** By what an event finds a filter. */
const keyColumns = () => ({
  /** A type, `video.*`, or `*`. */
  type: text('type').notNull(),
  /** Of what `value` is; empty: of nothing, the subscription asks for no such thing. */
  kind: text('kind', {
    enum: ['', 'video', 'channel', 'account', 'instance', 'tag', 'notification'],
  }).notNull(),
  value: text('value').notNull(),
})

/** By what an event finds the subscriptions that may want it: of each its types, and the rarest of what it asks for. */
export const subscriptionKeys = sqliteTable(
  'subscription_keys',
  {
    ...keyColumns(),
    subscriptionId: text('subscription_id')
      .notNull()
      .references(() => subscriptions.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.type, table.kind, table.value, table.subscriptionId] }),
    index('subscription_keys_subscription').on(table.subscriptionId),
  ],
)

/** One event owed to one endpoint, with its latest attempt. */
export const deliveries = sqliteTable(
  'deliveries',
  {
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => endpoints.id, { onDelete: 'cascade' }),
    eventSequence: integer('event_sequence').notNull(),
    ownerId: text('owner_id').notNull(),
    /** `skipped`: its owner did not want it any more. */
    state: text('state', { enum: ['pending', 'delivered', 'failed', 'skipped'] }).notNull(),
    /** Attempts made. */
    attempts: integer('attempts').notNull().default(0),
    /**
     * When the next attempt is to be made; null when there is none. Of one that was not tried yet no time but its place in the
     * line: see `LINE` in deliveries.ts.
     */
    dueAt: integer('due_at'),
    createdAt: integer('created_at').notNull(),
    finishedAt: integer('finished_at'),
    /** Attempts made before its schedule was begun anew, for it was asked for again. */
    attemptsBefore: integer('attempts_before').notNull().default(0),
    /** Of the latest attempt, and so on: one that failed is in `attempts`, too. Here, a delivery that succeeds at once is one row. */
    startedAt: integer('started_at'),
    durationMs: integer('duration_ms'),
    /** HTTP status; null when there was no answer. */
    status: integer('status'),
    error: text('error'),
    /** The first KB of the answer. */
    response: text('response'),
    /** Of an endpoint that is sent what is about one thing in order: the video or thread. */
    orderKey: text('order_key'),
    /** The replay that asked for it. */
    replayId: text('replay_id'),
  },
  (table) => [
    primaryKey({ columns: [table.endpointId, table.eventSequence] }),
    // Partial, all of them: a finished delivery leaves the first, and most were never in the others.
    index('deliveries_due').on(table.endpointId, table.dueAt).where(sql`due_at IS NOT NULL`),
    index('deliveries_failed').on(table.endpointId).where(sql`state = 'failed'`),
    index('deliveries_order')
      .on(table.endpointId, table.orderKey, table.eventSequence)
      .where(sql`order_key IS NOT NULL AND due_at IS NOT NULL`),
    index('deliveries_replay').on(table.replayId, table.state).where(sql`replay_id IS NOT NULL`),
  ],
)

/** The HTTP tries of deliveries that failed, and those before a delivery was asked for again. */
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
    /** The first KB of the answer. */
    response: text('response'),
  },
  (table) => [primaryKey({ columns: [table.endpointId, table.eventSequence, table.number] })],
)

/** Deliveries that were asked for again: a part of the event log, or all that failed. */
export const replays = sqliteTable(
  'replays',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => users.id),
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => endpoints.id, { onDelete: 'cascade' }),
    /** `events`: what fits of the log. `failed`: deliveries that failed. */
    kind: text('kind', { enum: ['events', 'failed'] }).notNull(),
    state: text('state', { enum: ['running', 'done', 'cancelled'] }).notNull(),
    /** Sequences above this one. */
    afterSequence: integer('after_sequence').notNull(),
    /** The last one. */
    lastSequence: integer('last_sequence').notNull(),
    /** How far it is. */
    position: integer('position').notNull(),
    /** Only events that were seen then or later; null: any. */
    since: integer('since'),
    /** JSON of a `Filter`; null: as the endpoint's subscriptions say. */
    filter: text('filter'),
    /** Deliveries that it asked for. */
    asked: integer('asked').notNull().default(0),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    finishedAt: integer('finished_at'),
    revision: integer('revision').notNull().default(0),
  },
  (table) => [
    index('replays_running').on(table.endpointId).where(sql`state = 'running'`),
    index('replays_endpoint').on(table.endpointId, table.createdAt, table.id),
    index('replays_owner').on(table.ownerId),
  ],
)

/** Readable views of the event log that have a URL. */
export const feeds = sqliteTable(
  'feeds',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** In the URL of a public one: lower case. Null: it is private, and shows its owner's events, too. */
    slug: text('slug'),
    /** In the URL of a private one: its digest, and itself, encrypted. Null: it is public, or its URL was revoked. */
    secretHash: text('secret_hash'),
    secret: text('secret'),
    /** One entry for each event, or for each subject: a video or a comment. */
    mode: text('mode', { enum: ['events', 'subjects'] }).notNull(),
    ...filterColumns(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    revision: integer('revision').notNull().default(0),
  },
  (table) => [
    uniqueIndex('feeds_slug').on(table.slug).where(sql`slug IS NOT NULL`),
    uniqueIndex('feeds_secret').on(table.secretHash).where(sql`secret_hash IS NOT NULL`),
    index('feeds_owner').on(table.ownerId, table.createdAt, table.id),
    index('feeds_created').on(table.createdAt, table.id),
  ],
)

/** By what an event finds the feeds that may have it: see `subscription_keys`. */
export const feedKeys = sqliteTable(
  'feed_keys',
  {
    ...keyColumns(),
    feedId: text('feed_id')
      .notNull()
      .references(() => feeds.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.type, table.kind, table.value, table.feedId] }),
    index('feed_keys_feed').on(table.feedId),
  ],
)

/** What is in a feed: events, or subjects with their latest event. Written with the events themselves. */
export const feedItems = sqliteTable(
  'feed_items',
  {
    /** An event's id, or what several events are about: `subjectKeyOf` in src/events/facets.ts. */
    key: text('key').notNull(),
    feedId: text('feed_id')
      .notNull()
      .references(() => feeds.id, { onDelete: 'cascade' }),
    /** The first event of the log about it, whose id the entry has. */
    firstSequence: integer('first_sequence').notNull(),
    lastSequence: integer('last_sequence').notNull(),
    /** Whether it was deleted, or is no longer public. */
    gone: integer('gone', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.key, table.feedId] }),
    index('feed_items_newest').on(table.feedId, table.lastSequence),
  ],
)

/** Who is sent a feed whenever it changes (WebSub): an endpoint of its own kind, and what it was subscribed to. */
export const hubSubscriptions = sqliteTable(
  'hub_subscriptions',
  {
    endpointId: text('endpoint_id')
      .primaryKey()
      .references(() => endpoints.id, { onDelete: 'cascade' }),
    feedId: text('feed_id')
      .notNull()
      .references(() => feeds.id, { onDelete: 'cascade' }),
    /** The URL of the feed as it was asked for, and the format that it names. */
    topic: text('topic').notNull(),
    format: text('format').notNull(),
    callback: text('callback').notNull(),
    leaseExpiresAt: integer('lease_expires_at').notNull(),
  },
  (table) => [
    uniqueIndex('hub_subscriptions_callback').on(table.callback, table.topic),
    index('hub_subscriptions_feed').on(table.feedId),
    index('hub_subscriptions_lease').on(table.leaseExpiresAt),
  ],
)

/** What a hub was asked for, until its subscriber has confirmed that it wants it (WebSub, 5.3). */
export const hubRequests = sqliteTable(
  'hub_requests',
  {
    id: text('id').primaryKey(),
    mode: text('mode', { enum: ['subscribe', 'unsubscribe', 'denied'] }).notNull(),
    topic: text('topic').notNull(),
    callback: text('callback').notNull(),
    leaseSeconds: integer('lease_seconds').notNull(),
    /** Encrypted; null: its content is not signed. */
    secret: text('secret'),
    /** Of a denial: why. */
    reason: text('reason'),
    createdAt: integer('created_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    dueAt: integer('due_at').notNull(),
  },
  (table) => [
    // The newest counts: what the same subscriber asked for before is forgotten.
    uniqueIndex('hub_requests_callback').on(table.callback, table.topic),
    index('hub_requests_due').on(table.dueAt),
  ],
)

/** Cursors that are kept here, for programs that ask for events. */
export const consumers = sqliteTable(
  'consumers',
  {
    id: text('id').primaryKey(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** Of its owner's only one has it. */
    name: text('name').notNull(),
    /** JSON of a `Filter`. */
    filter: text('filter').notNull(),
    /** All up to this sequence was acknowledged, or is not wanted. */
    position: integer('position').notNull(),
    /** Who reads what comes after it has it to himself until then: the lease, the name he gave himself, and the last that he got. */
    leaseId: text('lease_id'),
    leaseWorker: text('lease_worker'),
    leasedUntil: integer('leased_until').notNull().default(0),
    leasedSequence: integer('leased_sequence').notNull().default(0),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    revision: integer('revision').notNull().default(0),
  },
  (table) => [
    uniqueIndex('consumers_name').on(table.ownerId, table.name),
    index('consumers_owner').on(table.ownerId, table.createdAt, table.id),
    index('consumers_created').on(table.createdAt, table.id),
  ],
)

/** What a browser shows instead of a token, which it can't put into a header of a stream. Single use, digests only. */
export const streamTickets = sqliteTable(
  'stream_tickets',
  {
    hash: text('hash').primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** Of the session, or the API key, that it was made with: when that ends, what was opened with the ticket does. */
    sessionId: text('session_id'),
    apiKeyId: text('api_key_id'),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    index('stream_tickets_expires').on(table.expiresAt),
    index('stream_tickets_user').on(table.userId),
  ],
)

/** How far the event log has been counted into `event_hours`, and when old counts were last forgotten. */
export const rollups = sqliteTable('rollups', {
  /** What is counted: `events`; or `forgotten`, which was last done at a moment, in milliseconds since the epoch. */
  name: text('name').primaryKey(),
  /** Of the last event that is in; of `forgotten`, the moment. */
  sequence: integer('sequence').notNull(),
})

/** Events by the hour, for charts: counting a day's would read them all. */
export const eventHours = sqliteTable(
  'event_hours',
  {
    /** Whose; empty: everybody's. */
    ownerId: text('owner_id').notNull(),
    /** Its beginning, milliseconds since the epoch. */
    hour: integer('hour').notNull(),
    /** Of the types: `video`, `comment`. */
    kind: text('kind').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.hour, table.kind] }),
    index('event_hours_hour').on(table.hour),
  ],
)

/** Attempts of an endpoint's deliveries by the hour: how they ended, and how long they took. */
export const deliveryHours = sqliteTable(
  'delivery_hours',
  {
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => endpoints.id, { onDelete: 'cascade' }),
    /** Its beginning, milliseconds since the epoch. */
    hour: integer('hour').notNull(),
    /** Attempts that succeeded. */
    delivered: integer('delivered').notNull(),
    /** Attempts that failed. */
    failed: integer('failed').notNull(),
    /** How many of those that succeeded took up to 5 ms, more than that and up to 10 ms, and so on: see src/db/delivery-hours.ts. */
    upTo5: integer('up_to_5').notNull(),
    upTo10: integer('up_to_10').notNull(),
    upTo20: integer('up_to_20').notNull(),
    upTo35: integer('up_to_35').notNull(),
    upTo50: integer('up_to_50').notNull(),
    upTo75: integer('up_to_75').notNull(),
    upTo100: integer('up_to_100').notNull(),
    upTo150: integer('up_to_150').notNull(),
    upTo250: integer('up_to_250').notNull(),
    upTo500: integer('up_to_500').notNull(),
    upTo1000: integer('up_to_1000').notNull(),
    upTo2000: integer('up_to_2000').notNull(),
    upTo4000: integer('up_to_4000').notNull(),
    upTo8000: integer('up_to_8000').notNull(),
    upTo15000: integer('up_to_15000').notNull(),
    longer: integer('longer').notNull(),
  },
  // No index of the hours, by which old ones would be found: a fan-out to ten thousand endpoints would write one more row for each.
  (table) => [primaryKey({ columns: [table.endpointId, table.hour] })],
)
