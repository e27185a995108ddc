/**
 * @module What it takes to find a new reply, deep in an old thread of an instance with 10,000 comments: with the public routes
 * of versions that tell less and more of comments, and with the login of a moderator.
 */
import { insertConnection } from '../src/db/connections.ts'
import { newId } from '../src/db/id.ts'
import { login } from '../src/peertube/login.ts'
import { userAgent } from '../src/peertube/user-agent.ts'
import { sealTokens } from '../src/workers/sealed-tokens.ts'
import { type SimulatedInstance, startInstance } from '../test/simulator/instance.ts'
import { atMost, type Figure } from './figures.ts'
import { HOUR, MINUTE, Turned } from './turned.ts'

const VIDEOS = 100
const COMMENTS = 10_000
/** Replies in the old thread, each to the one before. */
const DEPTH = 100
const MONTH = 30 * 24 * HOUR
/** Of replies: at other moments of the intervals each, and so far apart that the caches have ended. */
const APART = [47, 81, 123, 64, 126, 59].map((minutes) => minutes * MINUTE + 13_000)
const OWNER = 'usr_administrator'
/** Who reads, and what of. */
const WAYS = [
  { name: 'public.6.3', version: '6.3.0', isModerator: false },
  { name: 'public.8.1', version: '8.1.0', isModerator: false },
  { name: 'moderator.6.3', version: '6.3.0', isModerator: true },
] as const

/** The figures of finding replies. */
export async function commentsFigures(): Promise<Figure[]> {
  const turned = await Turned.start()
  try {
    const watched = await Promise.all(WAYS.map((way) => startCommented(turned, way)))
    await turned.pass(2 * HOUR)
    turned.told.length = 0
    const dearest = WAYS.map(() => 0)
    for (const apart of APART) {
      const replies = watched.map((one): Reply => {
        const { id } = one.instance.comment(one.video, 'Deep', one.last)
        one.last = id
        return { ...one, id, from: one.instance.requests().length }
      })
      await turned.pass(apart)
      for (const [index, reply] of replies.entries()) {
        dearest[index] = Math.max(dearest[index] ?? 0, requestsFor(turned, reply))
      }
    }
    return [
      atMost('comments.requests', Math.max(...dearest), 3, 'requests'),
      ...WAYS.map(({ name }, index) => ({
        name: `comments.requests.${name}`,
        value: dearest[index] ?? Number.NaN,
        unit: 'requests',
        target: null,
        pass: true,
      })),
    ]
  } finally {
    await turned.stop()
  }
}

async function startCommented(turned: Turned, { version, isModerator }: (typeof WAYS)[number]) {
  const instance = await startInstance({ videos: VIDEOS, version })
  const createdAt = new Date(turned.now() - MONTH).toISOString()
  const videos = instance.list()
  const video = videos.at(-1) ?? ''
  const { id } = instance.comment(video, 'Old', null, { createdAt })
  let last = id
  for (let depth = 1; depth < DEPTH; depth += 1) {
    last = instance.comment(video, 'Deeper', last, { createdAt }).id
  }
  const others = COMMENTS - DEPTH
  for (const [index, uuid] of videos.entries()) {
    const share = Math.floor(((index + 1) * others) / VIDEOS) - Math.floor((index * others) / VIDEOS)
    instance.commentMany(uuid, share, { createdAt })
  }
  const instanceId = await turned.watch(instance, version)
  if (isModerator) await connect(turned, instance, instanceId)
  return { instance, video, last, isModerator }
}

/** Logs a moderator in, and has the comments read with that. */
async function connect(turned: Turned, { origin }: SimulatedInstance, instanceId: string): Promise<void> {
  const { db, encryptionKeys } = turned.measured
  const createdAt = turned.now()
  const deps = { fetch, clock: () => turned.now(), userAgent: userAgent({ url: null, publicUrl: null }) }
  const granted = await login(deps, origin, { username: 'root', password: 'rootpass' })
  if (granted.kind !== 'ok') throw new Error(`the login failed: ${granted.kind}`)
  const id = newId('con')
  const sealed = await sealTokens(
    encryptionKeys,
    id,
    { ...granted.client, origin },
    granted.tokens,
    createdAt,
  )
  const made = await insertConnection(
    db,
    { id, ownerId: OWNER, instanceId, username: 'root', role: 1, createdAt, ...sealed },
    { notifications: false, comments: true, subscriptions: false },
    {
      at: createdAt,
      userId: OWNER,
      username: 'root',
      via: 'session',
      address: '',
      action: 'bench',
      target: id,
      success: true,
      requestId: '',
    },
  )
  if (made !== 'made') throw new Error(`the connection was not stored: ${made}`)
}

type Reply = { instance: SimulatedInstance; id: number; isModerator: boolean; from: number }

/**
 * Requests for a reply, from when it was written till it was told. What is asked at its time whether something is new or not,
 * the list of videos and the counters, counts once for whoever learns of the reply by it: a moderator learns by the list of
 * comments, which counts each time.
 */
function requestsFor({ told }: Turned, { instance, id, isModerator, from }: Reply): number {
  const found = told.find(
    (one) => one.type === 'comment.created' && one.subject === String(id) && one.instance === instance.host,
  )
  if (!found) throw new Error(`the reply ${id} on ${instance.host} was not found`)
  const requests = instance
    .requests()
    .slice(from)
    .filter(({ at }) => at <= found.at)
  const own = requests.filter(({ path }) => !/^\/api\/v1\/videos\?|^\/nodeinfo\//.test(path))
  return own.length + (isModerator ? 0 : 1)
}
