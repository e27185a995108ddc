/** @module How a run begins: what is on the instance before anybody watches it, who then does, and as whom. */
import { env } from 'cloudflare:workers'
import { insertConnection } from '../../src/db/connections.ts'
import { newId } from '../../src/db/id.ts'
import { insertInstance } from '../../src/db/instances.ts'
import { firstCheckpoint } from '../../src/events/video-walk.ts'
import { sealTokens } from '../../src/workers/sealed-tokens.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import type { User } from '../simulator/recordings.ts'
import { entry, givenUser } from '../support/accounts.ts'
import { control } from '../support/harness.ts'
import { History } from './history.ts'
import type { Watch } from './oracle.ts'
import { Random } from './random.ts'
import { NO_ACTIONS, Script, VERSIONS } from './script.ts'
import { Watcher } from './watcher.ts'

const HOUR_MS = 3_600_000
export const STARTS_AT = Date.UTC(2026, 9, 1, 8)

/** All that takes part in a run. `about`: what kind of run it is, in words. */
export type Stage = {
  about: string
  random: Random
  instance: RemoteInstance
  watcher: Watcher
  history: History
  script: Script
  watch: Watch
}

/** Before we watch: some of everything. */
const BEFORE = { ...NO_ACTIONS, comment: 1, reply: 2, publish: 1, notify: 1, publishHidden: 1, startLive: 1 }

/**
 * An instance on which something is already, and which was read for the first time.
 * @param seed decides everything; seeds that follow each other have different versions.
 */
export async function setStage(seed: number): Promise<Stage> {
  const random = new Random(seed)
  const version = VERSIONS[seed % VERSIONS.length] ?? ''
  const reader = ([null, 'root', 'alice'] as const)[Math.floor(seed / VERSIONS.length) % 3] ?? null
  const backfill = random.pick([0, 0, 2, 1_000]) ?? 0
  const videos = random.pick([0, 4, 20, 130]) ?? 0
  const skewMs = random.pick([0, -240_000, 420_000]) ?? 0
  const instance = await control.instance({ videos, version, startsAt: STARTS_AT + skewMs })
  const watcher = new Watcher(instance, random, STARTS_AT)
  const history = new History(() => watcher.now)
  await recordVideos(instance, history)
  const script = new Script(instance, watcher, history, random, { version, reader, skewMs })
  watcher.beforeRequest = () => script.publishScheduled()
  for (let count = 0; count < 10; count += 1) await script.act(BEFORE)
  watcher.turn(HOUR_MS)
  const watch = await beginWatch(instance, watcher, { version, backfill, reader })
  await watcher.pass(5 * 60_000)
  watch.since = watcher.now
  watcher.turn(1)
  const about = `seed ${seed}: ${version}, ${reader ?? 'nobody'} connected, ${videos} videos and a backfill of ${backfill}`
  return { about, random, instance, watcher, history, script, watch }
}

/** The videos that the instance began with. */
async function recordVideos(instance: RemoteInstance, history: History): Promise<void> {
  for (let start = 0; ; start += 100) {
    const query = `nsfw=both&sort=-publishedAt&count=100&start=${start}`
    const response = await fetch(`${instance.origin}/api/v1/videos?${query}`)
    const { data }: { data: Listed[] } = await response.json()
    for (const {
      uuid,
      publishedAt,
      name,
      description,
      category,
      licence,
      language,
      nsfw,
      thumbnailPath,
    } of data) {
      const fields = {
        name,
        description,
        category: category.id,
        licence: licence.id,
        language: language.id,
        nsfw,
        thumbnail: thumbnailPath,
      }
      history.video(uuid, { privacy: 'public', live: 'none', publishedAt, fields })
    }
    if (data.length < 100) return
  }
}
type Listed = {
  uuid: string
  publishedAt: string
  name: string
  description: string | null
  category: { id: number | null }
  licence: { id: number | null }
  language: { id: string | null }
  nsfw: boolean
  thumbnailPath: string
}

async function beginWatch(
  instance: RemoteInstance,
  { deps }: Watcher,
  { version, backfill, reader }: { version: string; backfill: number; reader: User | null },
): Promise<Watch> {
  const now = deps.clock()
  const instanceId = await insertInstance(
    env.DB,
    {
      ownerId: 'usr_administrator',
      origin: instance.origin,
      host: instance.host,
      name: 'Model',
      version,
      createdAt: now,
    },
    [
      { kind: 'videos', target: '', checkpoint: JSON.stringify(firstCheckpoint(backfill)) },
      { kind: 'comments', target: '', checkpoint: '{}' },
    ],
  )
  if (!instanceId) throw new Error('the instance is watched already')
  const watch: Watch = { since: now, backfill, connection: null }
  if (!reader) return watch

  const id = newId('con')
  const ownerId = (await givenUser()).id
  // The simulator's own tokens never end: what becomes of those that do is tested with connections.
  const never = now + 1_000 * 24 * HOUR_MS
  const tokens = {
    accessToken: `token-of-${reader}`,
    refreshToken: 'none',
    accessExpiresAt: never,
    refreshExpiresAt: never,
  }
  const sealed = await sealTokens(
    deps.config.encryptionKeys,
    id,
    { clientId: '', clientSecret: '', origin: instance.origin },
    tokens,
    now,
  )
  const isModerator = reader === 'root'
  const made = await insertConnection(
    env.DB,
    { id, ownerId, instanceId, username: reader, role: isModerator ? 0 : 2, createdAt: now, ...sealed },
    { notifications: true, comments: true, subscriptions: false },
    entry(id),
  )
  if (made !== 'made') throw new Error(made)
  return { ...watch, connection: { id, ownerId, isModerator } }
}
