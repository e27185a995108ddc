/** @module A PeerTube instance as a small HTTP server: its answers have the shape, limits and quirks of the recordings. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from './answers.ts'
import type { CommentOptions } from './comments.ts'
import { Detours, type Scripted } from './detours.ts'
import type { Fault } from './faults.ts'
import type { Privacy } from './labels.ts'
import { type Bucket, bucketOf, type Limits, RateLimits } from './limits.ts'
import { type NewNotification, Notifications } from './notifications.ts'
import { pictureAt } from './pictures.ts'
import { from } from './recorded-answers.ts'
import type { User } from './recordings.ts'
import { RouteCache } from './route-cache.ts'
import { type Account, Sessions } from './sessions.ts'
import type { Edit, PublishOptions } from './videos.ts'
import { type BulkOptions, World } from './world.ts'
import { write } from './write.ts'

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
  /** Milliseconds since the epoch: its clock begins there and moves only by `advance`, so that a script can be repeated. */
  startsAt?: number
}

type LoggedRequest = {
  method: string
  path: string
  headers: Record<string, string>
  status: number
  /** Which limit it counts against. */
  bucket: Bucket
  /** Milliseconds since the epoch, by the instance's clock. */
  at: number
}

/** What a script may do between two requests. */
export type Step =
  | { action: 'publish'; options?: PublishOptions }
  | { action: 'publishMany'; count: number }
  | { action: 'remove'; uuid: string }

/** Starts an instance on loopback. Its methods are its script; all take and give plain JSON. */
export async function startInstance(options: InstanceOptions = {}) {
  let offset = 0
  const now = () => (options.startsAt ?? Date.now()) + offset
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
  const detours = new Detours()
  let lists = 0

  function respond(request: IncomingMessage, response: ServerResponse, body: string) {
    const url = new URL(request.url ?? '/', origin)
    const method = request.method ?? 'GET'
    const bucket = bucketOf(method, url.pathname)
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    )
    response.on('close', () => {
      log.push({
        method,
        path: url.pathname + url.search,
        headers,
        status: response.statusCode,
        bucket,
        at: now(),
      })
    })
    if (detours.take(url, response)) return
    const asked = {
      method,
      url,
      caller: sessions.callerOf(headers['authorization']),
      headers,
      body,
    }
    if (method === 'OPTIONS') return write(request, response, answer(asked, state), {})
    response.setHeader('date', new Date(now()).toUTCString())
    const counted = limits.count(bucket, now())
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
    endLive: (uuid: string, how?: { replay?: boolean; permanent?: boolean }) =>
      world.endLive(uuid, how ?? {}),
    restartLive: (uuid: string) => world.restartLive(uuid),
    subscribe: (user: User, channel: string) => world.subscribe(user, channel),
    like: (uuid: string) => world.like(uuid),
    view: (uuid: string) => world.view(uuid),
    remove: (uuid: string) => world.remove(uuid),
    setPublishedAt: (uuid: string, publishedAt: string) => world.setPublishedAt(uuid, publishedAt),
    comment: (uuid: string, text: string, parentId?: number | null, how?: CommentOptions | null) =>
      world.comment(uuid, text, parentId ?? null, how ?? {}),
    commentMany: (uuid: string, count: number, how?: BulkOptions) =>
      world.commentMany(uuid, count, how ?? {}),
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
    fail: (fault: Fault) => detours.fail(fault),
    /** Requests whose path begins so are answered exactly so, whatever it is. */
    answerWith: (path: string, scripted: Scripted) => detours.answerWith(path, scripted),
    /** Every request is sent on to another origin, for good (308). Null: it is here again. */
    moveTo: (other: string | null) => detours.moveTo(other),
    /** Ends faults and scripted answers. */
    heal: () => detours.heal(),
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
