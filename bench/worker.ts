/** @module The Worker that is measured: the real modules, with counters around the database, and bare loops beside them. */

import { api } from '../src/api/app.ts'
import { listKeys } from '../src/db/api-keys.ts'
import { listAudit } from '../src/db/audit.ts'
import { listDeliveries } from '../src/db/delivery-log.ts'
import { listEndpoints } from '../src/db/endpoints.ts'
import { type EventFilter, eventPages, listEvents } from '../src/db/events.ts'
import { listInstances } from '../src/db/instances.ts'
import type { ListQuery } from '../src/db/list.ts'
import { listMails } from '../src/db/mails.ts'
import { listUsers } from '../src/db/users.ts'
import { exportEvents } from '../src/events/export.ts'
import { callerLimit } from '../src/workers/caller-limit.ts'
import { dependencies } from '../src/workers/deps.ts'
import { DELIVERY_QUEUE } from '../src/workers/messages.ts'
import { pollInstance } from '../src/workers/poll.ts'
import { handleDeliveries } from '../src/workers/queues.ts'
import { type Cost, countCosts } from '../test/support/count-costs.ts'
import { allDelivered, produceEvents } from './deliver-worker.ts'
import { timeDetection } from './detect-worker.ts'
import { timeMatching } from './match-worker.ts'
import { bareStream } from './stream-worker.ts'
import { turned } from './turned-worker.ts'

export { DeliveryGate } from '../src/workers/delivery-gate.ts'
export { PictureLoader } from '../src/workers/picture-loader.ts'
export { RateLimiter } from '../src/workers/rate-limiter.ts'
export { StreamHub } from './stream-worker.ts'

export default {
  async fetch(request, env) {
    const url = new URL(request.url)
    if (url.pathname === '/poll') {
      const { db, cost } = countCosts(env.DB)
      const deps = { ...quiet(env), env: { ...quiet(env).env, DB: db } }
      await pollInstance(deps, url.searchParams.get('instance') ?? '')
      return Response.json(cost)
    }
    if (url.pathname === '/turned') return Response.json(await turned(dependencies(env), url.searchParams))
    if (url.pathname === '/detect') return Response.json(await timeDetection(await request.json()))
    if (url.pathname === '/match') return Response.json(await timeMatching(env.DB, await request.json()))
    if (url.pathname === '/wake') {
      const endpoints: string[] = await request.json()
      await env.DELIVERY_QUEUE.send({ endpoints })
      return new Response()
    }
    if (url.pathname === '/produce') {
      await produceEvents(quiet(env), await request.json())
      return new Response()
    }
    if (url.pathname === '/all-delivered') {
      // Looking is not counted.
      await allDelivered(dependencies(env), await request.json())
      return new Response()
    }
    if (url.pathname === '/count-costs') {
      counted = countCosts(env.DB)
      return new Response()
    }
    if (url.pathname === '/costs') {
      const costs: Cost | undefined = counted?.cost
      counted = null
      return Response.json(costs)
    }
    if (url.pathname === '/count') {
      const [requests, windowMs] = ['requests', 'windowMs'].map((name) => Number(url.searchParams.get(name)))
      const limit = { requests: requests ?? 0, windowMs: windowMs ?? 0 }
      const counted = await callerLimit(quiet(env), url.searchParams.get('caller') ?? '', 'bench', limit)
      if (counted.kind === 'unknown') return new Response('the limiter failed', { status: 503 })
      return Response.json(counted.allowed)
    }
    if (/^\/(api|feeds)\//.test(url.pathname)) return api(quiet(env)).fetch(request)
    if (url.pathname === '/bare-stream') return bareStream(env)
    // The baseline of a read: the same statement, and its rows as they come.
    if (url.pathname === '/bare-events') return Response.json(await listEvents(env.DB, WHOLE_LOG, 101))
    // The baseline of a feed: the same bytes, as they are in a row.
    if (url.pathname === '/bare-body') return bareBody(env, url.searchParams.get('name') ?? '')
    if (url.pathname === '/list') {
      const { db, cost } = countCosts(env.DB)
      const { filter, limit }: { filter: EventFilter; limit: number } = await request.json()
      const { length } = await listEvents(db, filter, limit)
      return Response.json({ events: length, rowsRead: cost.rowsRead })
    }
    if (url.pathname === '/page') {
      const { db, cost } = countCosts(env.DB)
      const { list, query }: PageAsk = await request.json()
      const page = await LISTS[list](db, query)
      // An instance is shown with its sources: these are rows too.
      const rows = page.rows.reduce((sum, row) => sum + 1 + ('sources' in row ? row.sources.length : 0), 0)
      return Response.json({ items: page.rows.length, rows, rowsRead: cost.rowsRead })
    }
    if (url.pathname === '/export') return new Response(exportEvents('ndjson', eventPages(env.DB, WHOLE_LOG)))
    if (url.pathname === '/export-bare') return Response.json(await countEvents(env, await request.json()))
    if (url.pathname === '/memory') return new Response(zeros(Number(url.searchParams.get('chunks'))))
    return Response.json(await bareLoop(await request.json()))
  },

  async queue(batch, env, context) {
    // Polls are called directly, so that their costs can be told.
    if (batch.queue !== DELIVERY_QUEUE) return
    await handleDeliveries(quiet(env), batch, (promise) => context.waitUntil(promise))
  },
} satisfies ExportedHandler<Env>

const OWNER = 'usr_administrator'

/** The lists of the API, by what their statements are. */
const LISTS = {
  users: (db: D1Database, query: ListQuery) => listUsers(db, query),
  activeUsers: (db: D1Database, query: ListQuery) => listUsers(db, { ...query, state: 'active' }),
  waitingUsers: (db: D1Database, query: ListQuery) =>
    listUsers(db, { ...query, state: 'waiting-for-approval' }),
  instances: (db: D1Database, query: ListQuery) => listInstances(db, query),
  endpoints: (db: D1Database, query: ListQuery) => listEndpoints(db, OWNER, OWNER, query),
  allEndpoints: (db: D1Database, query: ListQuery) => listEndpoints(db, null, OWNER, query),
  apiKeys: (db: D1Database, query: ListQuery) => listKeys(db, OWNER, query),
  allApiKeys: (db: D1Database, query: ListQuery) => listKeys(db, null, query),
  mails: (db: D1Database, query: ListQuery) => listMails(db, query),
  auditLog: (db: D1Database, query: ListQuery) => auditPage(db, query, {}),
  auditLogOfUser: (db: D1Database, query: ListQuery) => auditPage(db, query, { userId: 'usr_7' }),
  auditLogOfAction: (db: D1Database, query: ListQuery) => auditPage(db, query, { action: 'y' }),
  auditLogOfBoth: (db: D1Database, query: ListQuery) =>
    auditPage(db, query, { userId: 'usr_7', action: 'y' }),
  async deliveries(db: D1Database, { count, after = String(Number.MAX_SAFE_INTEGER) }: ListQuery) {
    return listDeliveries(db, 'ep_1', { before: Number(after) }, count)
  },
}
export type PageAsk = { list: keyof typeof LISTS; query: ListQuery }

async function auditPage(
  db: D1Database,
  { count, after }: ListQuery,
  filter: { userId?: string; action?: string },
) {
  const before = after === undefined ? undefined : Number(after)
  return { rows: await listAudit(db, { ...filter, count, before }) }
}

const WHOLE_LOG = { viewerId: 'usr_administrator', after: 0 }

/** The baseline of an export: the same statement, and nothing done with what it gives. @returns how many events. */
async function countEvents(env: Env, before: number): Promise<number> {
  let events = 0
  for await (const page of eventPages(env.DB, { ...WHOLE_LOG, before })) events += page.length
  return events
}

/** The other half of that baseline: so many megabytes from nowhere. */
function zeros(chunks: number): ReadableStream<Uint8Array> {
  let left = chunks
  return new ReadableStream(
    {
      pull(controller) {
        if (left === 0) return controller.close()
        left -= 1
        controller.enqueue(new Uint8Array(1_000_000))
      },
    },
    { highWaterMark: 0 },
  )
}

/** A body that a row of the table `bodies` has, which bench/feed.ts makes. */
async function bareBody(env: Env, name: string): Promise<Response> {
  const row = await env.DB.prepare('SELECT type, body FROM bodies WHERE name = ?')
    .bind(name)
    .first<{ type: string; body: string }>()
  if (!row) return new Response('no such body', { status: 404 })
  return new Response(row.body, { headers: { 'content-type': row.type } })
}

/** From `/count-costs` to `/costs`: what is asked of the database is counted, here and in what the queue delivers. */
let counted: ReturnType<typeof countCosts> | null = null

/** Without a log: a terminal is not what is measured. */
function quiet(env: Env) {
  const deps = { ...dependencies(env), log: () => undefined }
  return counted ? { ...deps, env: { ...deps.env, DB: counted.db } } : deps
}

/** The baseline: the same POSTs, and nothing else. @returns milliseconds. */
async function bareLoop(work: { url: string; count: number; lanes: number; body: string }): Promise<number> {
  const { url, count, lanes, body } = work
  const startedAt = Date.now()
  let next = 0
  const lane = async () => {
    while (next < count) {
      next += 1
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      await response.body?.cancel()
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return Date.now() - startedAt
}
