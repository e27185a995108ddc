/** @module A PeerTube 6.3 instance as a small HTTP server: its answers have the shape, limits and quirks of the recordings. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from './answers.ts'
import type { CommentOptions } from './comments.ts'
import { type Fault, misbehave } from './faults.ts'
import type { Privacy } from './labels.ts'
import { bucketOf, type Limits, RateLimits } from './limits.ts'
import { type NewNotification, Notifications } from './notifications.ts'
import { pictureAt } from './pictures.ts'
import { type Answer, from } from './recorded-answers.ts'
import type { User } from './recordings.ts'
import { RouteCache } from './route-cache.ts'
import { type Account, Sessions } from './sessions.ts'
import type { Edit, PublishOptions } from './videos.ts'
import type { BulkOptions } from './world.ts'
import { World } from './world.ts'

export type InstanceOptions = {
  /** Default: any free one. */
  port?: number
  /** So many public videos, a minute apart; without it the world of the recordings. */
  videos?: number | undefined
  limits?: Partial<Limits>
  /** Of PeerTube, from 5.1.0 on; default: 6.3.0, the recorded one. What differs: versions.ts. */
  version?: string
  /** False: counters and feeds are always as of now. */
  caches?: boolean
  /** What it calls itself. */
  name?: string
}

type LoggedRequest = {
  method: string
  path: string
  headers: Record<string, string>
  status: number
  /** Milliseconds since the epoch, by the instance's clock. */
  at: number
}

/** What a script may do between two requests. */
export type Step =
  | { action: 'publish'; options?: PublishOptions }
  | { action: 'publishMany'; count: number }
  | { action: 'remove'; uuid: string }

/** Headers that belong to one connection or one body: not taken from a recording. */
const OWN_HEADERS = /^(connection|content-length|date|etag|keep-alive|retry-after|x-ratelimit-.*)$/

/** Starts an instance on loopback. Its methods are its script; all take and give plain JSON. */
export async function startInstance(options: InstanceOptions = {}) {
  let offset = 0
  const now = () => Date.now() + offset
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  // A server that listens on TCP has an address of this kind.
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const world = new World(origin, now, options.videos ?? null)
  const limits = new RateLimits(options.limits ?? {})
  const sessions = new Sessions(now)
  const state = {
    world,
    sessions,
    notifications: new Notifications(now, options.videos === undefined),
    cache: new RouteCache(now, options.caches ?? true),
    self: { origin, version: options.version ?? '6.3.0', name: options.name ?? 'PeerTube' },
  }
  const log: LoggedRequest[] = []
  const steps: { after: number; step: Step }[] = []
  let faults: Fault[] = []
  let lists = 0

  function respond(request: IncomingMessage, response: ServerResponse, body: string) {
    const url = new URL(request.url ?? '/', origin)
    const method = request.method ?? 'GET'
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    )
    response.on('close', () => {
      log.push({
        method,
        path: url.pathname + url.search,
        headers,
        status: response.statusCode,
        at: now(),
      })
    })
    const fault = faults.find((one) => url.pathname.startsWith(one.path ?? '/') && (one.times ?? 1) > 0)
    if (fault?.skip) fault.skip -= 1
    else if (fault) {
      if (fault.times !== undefined) fault.times -= 1
      return misbehave(fault, response)
    }
    const asked = {
      method,
      url,
      caller: sessions.callerOf(headers['authorization']),
      headers,
      body,
    }
    if (method === 'OPTIONS') return write(request, response, answer(asked, state), {})
    response.setHeader('date', new Date(now()).toUTCString())
    const counted = limits.count(bucketOf(method, url.pathname), now())
    const made = counted.isTooMany
      ? from('rate_limited_429')
      : (pictureAt(url.pathname) ?? answer(asked, state))
    write(request, response, made, counted.headers)
    if (url.pathname === '/api/v1/videos') afterList()
  }

  /** Runs the steps that wait for so many answered lists. */
  function afterList() {
    lists += 1
    for (const { step } of steps.filter(({ after }) => after === lists)) {
      if (step.action === 'publish') world.publish(step.options)
      if (step.action === 'publishMany') world.publishMany(step.count)
      if (step.action === 'remove') world.remove(step.uuid)
    }
  }

  server.on('request', (request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => respond(request, response, body))
  })

  return {
    origin,
    host: new URL(origin).host,
    publish: (publishing?: PublishOptions) => world.publish(publishing),
    publishMany: (count: number) => world.publishMany(count),
    schedule: (afterMs: number, publishing?: PublishOptions) => world.schedule(afterMs, publishing),
    setPrivacy: (uuid: string, privacy: Privacy) => world.setPrivacy(uuid, privacy),
    edit: (uuid: string, change: Edit) => world.edit(uuid, change),
    startLive: (publishing?: PublishOptions) => world.startLive(publishing),
    endLive: (uuid: string, how: { replay?: boolean; permanent?: boolean } = {}) => world.endLive(uuid, how),
    restartLive: (uuid: string) => world.restartLive(uuid),
    subscribe: (user: User, channel: string) => world.subscribe(user, channel),
    like: (uuid: string) => world.like(uuid),
    view: (uuid: string) => world.view(uuid),
    remove: (uuid: string) => world.remove(uuid),
    setPublishedAt: (uuid: string, publishedAt: string) => world.setPublishedAt(uuid, publishedAt),
    comment: (uuid: string, text: string, parentId?: number | null, how?: CommentOptions) =>
      world.comment(uuid, text, parentId ?? null, how),
    commentMany: (uuid: string, count: number, how?: BulkOptions) => world.commentMany(uuid, count, how),
    editComment: (id: number, text: string) => world.comments.edit(id, text),
    removeComment: (id: number) => world.comments.remove(id),
    approveComment: (id: number) => world.comments.approve(id),
    notify: (user: User, made: NewNotification) => state.notifications.add(user, made),
    readNotification: (user: User, id: number) => state.notifications.read(user, id),
    readAllNotifications: (user: User) => state.notifications.readAll(user),
    removeNotification: (user: User, id: number) => state.notifications.remove(user, id),
    /** Another version of PeerTube from now on. */
    upgrade(version: string) {
      state.self.version = version
      state.cache.clear()
    },
    /** Blocks an account, keeps it waiting, sets its one-time password… */
    setAccount: (user: User, change: Partial<Account>) => sessions.set(user, change),
    /** The UUIDs of the public videos, newest first. */
    list: () => world.listed().map(({ uuid }) => uuid),
    /** Misbehaves from now on, or for so many requests. */
    fail(fault: Fault) {
      faults.push({ ...fault })
    },
    heal() {
      faults = []
    },
    /** Does something right after so many lists of videos have been answered, so that a page shifts between two. */
    afterLists(count: number, step: Step) {
      steps.push({ after: lists + count, step })
    },
    /** Moves the instance's clock, its limits' windows with it. */
    advance(ms: number) {
      offset += ms
    },
    setLimits: (changed: Partial<Limits>) => limits.set(changed),
    requests: () => log,
    stats: () => ({ requests: log.length, tooMany: log.filter(({ status }) => status === 429).length }),
    /** Closes at once, open connections too. */
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
export type SimulatedInstance = Awaited<ReturnType<typeof startInstance>>

function write(
  request: IncomingMessage,
  response: ServerResponse,
  made: Answer,
  limitHeaders: Record<string, string>,
) {
  for (const [name, value] of Object.entries(made.headers)) {
    if (!OWN_HEADERS.test(name)) response.setHeader(name, value)
  }
  for (const [name, value] of Object.entries(limitHeaders)) response.setHeader(name, value)
  const hasBody = made.status !== 204
  if (!hasBody) {
    response.writeHead(made.status, { 'content-length': 0 }).end()
    return
  }
  const { body } = made
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  // Express's weak ETag: the length and a SHA-1.
  const digest = createHash('sha1').update(bytes).digest('base64').slice(0, 27)
  const etag = `W/"${bytes.length.toString(16)}-${digest}"`
  response.setHeader('etag', etag)
  const isFresh =
    made.status === 200 &&
    request.headers['if-none-match'] === etag &&
    !/no-cache/.test(request.headers['cache-control'] ?? '')
  if (isFresh) {
    response.removeHeader('content-type')
    response.writeHead(304).end()
    return
  }
  response.writeHead(made.status, { 'content-length': bytes.length }).end(bytes)
}
