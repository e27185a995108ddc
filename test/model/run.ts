/** @module One run of the model: a script on an instance of some version, watched all the while, and judged when it is quiet. */
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
import { History, isListed } from './history.ts'
import { type Finding, judge, type Told, type Watch } from './oracle.ts'
import { Random } from './random.ts'
import { NO_ACTIONS, Script, VERSIONS } from './script.ts'
import { Watcher } from './watcher.ts'

const HOUR_MS = 3_600_000
const STARTS_AT = Date.UTC(2026, 9, 1, 8)

export type Run = {
  seed: number
  findings: Finding[]
  /** For people: what was run, and of what is wrong all that was done and told. */
  report: string
}

/** @param seed decides the version (seeds that follow each other have different ones) and everything else. */
export async function runModel(seed: number, actions: number): Promise<Run> {
  const random = new Random(seed)
  const version = VERSIONS[seed % VERSIONS.length] ?? ''
  const reader = ([null, 'root', 'alice'] as const)[Math.floor(seed / VERSIONS.length) % 3] ?? null
  const backfill = random.pick([0, 0, 2, 1_000]) ?? 0
  const videos = random.pick([0, 4, 20, 130]) ?? 0
  const skewMs = random.pick([0, -240_000, 420_000]) ?? 0
  const instance = await control.instance({ videos, version, startsAt: STARTS_AT + skewMs })
  try {
    const watcher = new Watcher(instance, random, STARTS_AT)
    const history = new History(() => watcher.now)
    await recordVideos(instance, history)
    const script = new Script(instance, watcher, history, random, { version, reader, skewMs })
    for (let count = 0; count < 10; count += 1)
      await script.act({
        ...NO_ACTIONS,
        comment: 1,
        reply: 2,
        publish: 1,
        notify: 1,
        publishHidden: 1,
        startLive: 1,
      })
    watcher.turn(HOUR_MS)
    const watch = await beginWatch(instance, watcher, { version, backfill, reader })
    await watcher.pass(5 * 60_000)
    watch.since = watcher.now
    watcher.turn(1)
    const startedAt = Date.now()

    watcher.mishaps = { lost: 0.05, doubled: 0.05, late: 0.1, missing: 0.1, killed: 0.03, meanwhile: 0.03 }
    let left = actions
    const act = async () => {
      left -= 1
      await script.act()
      // Two things in the same millisecond happen, too.
      watcher.turn(random.int(0, 3))
    }
    watcher.beforeRequest = () => script.publishScheduled()
    watcher.meanwhile = async () => (left > 0 ? act() : undefined)
    while (left > 0) {
      await act()
      const length = random.weighted({ none: 40, seconds: 25, minutes: 25, long: 9, veryLong: 1 })
      const most = { none: 0, seconds: 5_000, minutes: 120_000, long: 900_000, veryLong: 2 * HOUR_MS }[length]
      if (most > 0) await watcher.pass(random.int(1, most))
    }
    watcher.mishaps = { ...watcher.mishaps, lost: 0, killed: 0, meanwhile: 0 }
    await script.heal()
    const quietAt = Date.now()
    await beQuiet(watcher, script, history)
    // What is held to have happened must have.
    const listed = (await instance.list()).toSorted()
    const recorded = history.videosNow(isListed).toSorted()
    if (listed.join() !== recorded.join()) throw new Error(`seed ${seed}: the history is not what happened`)
    const events = await toldBy(instance)
    const findings = [
      ...judge(history, events, watch),
      ...watcher.errors.map((text) => ({ kind: 'invented' as const, subject: 'errors', text })),
    ]
    const hours = Math.round((watcher.now - STARTS_AT) / HOUR_MS)
    console.log(quietAt - startedAt, Date.now() - quietAt, watcher.spent)
    const head = `seed ${seed}: ${version}, ${reader ?? 'nobody'} connected, ${videos} videos and a backfill of ${backfill}; ${actions} actions, ${watcher.polls} polls, ${watcher.requests} requests, ${watcher.restarts} restarts, ${hours} hours, ${events.length} events`
    return { seed, findings, report: [head, ...tracesOf(findings, history, events)].join('\n') }
  } finally {
    await instance.close()
  }
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
    { clientId: '', clientSecret: '' },
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

/** Nothing happens any more, until all that is looked at now and then was looked at: a thread an hour, and each video a day. */
async function beQuiet(watcher: Watcher, script: Script, history: History): Promise<void> {
  const threads = new Set([...history.comments.values()].map(({ thread }) => thread))
  const until = watcher.now + Math.max(60, threads.size + 30) * HOUR_MS
  await watcher.pass(10 * 60_000)
  // A tick may come late, so half an hour apart is as good as a minute, but for the time that this takes.
  while (watcher.now < Math.max(until, script.lastScheduledAt + 50 * HOUR_MS)) {
    await watcher.pass(30 * 60_000, 30 * 60_000)
  }
  await watcher.pass(10 * 60_000)
}

async function toldBy({ host }: RemoteInstance): Promise<Told[]> {
  const { results } = await env.DB.prepare(
    'SELECT type, subject, owner_id AS ownerId, seen_at AS seenAt, data FROM events WHERE instance = ? ORDER BY sequence',
  )
    .bind(host)
    .all<Omit<Told, 'data'> & { data: string }>()
  // As polls stored them.
  return results.map(({ data, ...event }) => ({ ...event, data: JSON.parse(data) }) as Told)
}

const MOST_TRACES = 12
const MOST_LINES = 60

/** Of each subject of which something is wrong: what happened, and what was told, in the order of time. */
function tracesOf(findings: readonly Finding[], { log }: History, events: readonly Told[]): string[] {
  const bySubject = Map.groupBy(findings, ({ subject }) => subject)
  return [...bySubject].slice(0, MOST_TRACES).flatMap(([subject, wrong]) => {
    const key = subject.replace('notification ', '')
    const lines = [
      ...log
        .filter(({ subjects }) => subjects.length === 0 || subjects.includes(key))
        .map(({ at, what }) => ({ at, line: what })),
      ...events
        .filter((event) => event.subject === key)
        .map(({ type, ownerId, seenAt, data }) => ({
          at: seenAt,
          line: `told: ${type}${ownerId ? ' to its owner' : ''} ${gist(data)}`,
        })),
    ].toSorted((a, b) => a.at - b.at)
    return [
      `--- ${subject}`,
      ...wrong.map(({ kind, text }) => `  ${kind}: ${text}`),
      ...lines.slice(0, MOST_LINES).map(({ at, line }) => `  ${new Date(at).toISOString()} ${line}`),
    ]
  })
}

function gist(data: Told['data']): string {
  if ('changes' in data) return JSON.stringify(data.changes)
  if ('comment' in data) return data.comment.text
  if ('video' in data)
    return `publishedAt ${data.video.publishedAt}${'replay' in data ? `, replay ${data.replay}` : ''}`
  return 'notification' in data ? `read ${data.notification.read}` : ''
}
