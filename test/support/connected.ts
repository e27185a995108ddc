/** @module Connections to a simulated instance, for the tests of what is read as somebody. */
import { env } from 'cloudflare:workers'
import { insertConnection, type Wanted } from '../../src/db/connections.ts'
import { newId } from '../../src/db/id.ts'
import { login } from '../../src/peertube/login.ts'
import { clientDeps } from '../../src/workers/deps.ts'
import { pollInstance } from '../../src/workers/poll.ts'
import { sealTokens } from '../../src/workers/sealed-tokens.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import { entry, givenUser } from './accounts.ts'
import { control, eventsOf, type Tubewire, watch } from './harness.ts'

const MODERATORS = ['root']

/** Logs somebody in. @returns the ids of the connection and of its owner, a new user. */
export async function connectTo(
  { deps }: Tubewire,
  { instance, id: instanceId }: { instance: RemoteInstance; id: string },
  username: 'root' | 'alice' | 'bob' | 'carol',
  wanted: Partial<Wanted>,
): Promise<{ id: string; ownerId: string }> {
  const account = { username, password: `${username}pass` }
  const granted = await login(clientDeps(deps), instance.origin, account)
  if (granted.kind !== 'ok') throw new Error(granted.kind)
  const id = newId('con')
  const now = deps.clock()
  const client = { ...granted.client, origin: instance.origin }
  const sealed = await sealTokens(deps.config.encryptionKeys, id, client, granted.tokens, now)
  const { id: ownerId } = await givenUser()
  const role = MODERATORS.includes(username) ? 0 : 2
  const all = { notifications: false, comments: false, subscriptions: false, ...wanted }
  const made = { id, ownerId, instanceId, username, role, createdAt: now, ...sealed }
  await insertConnection(env.DB, made, all, entry(id))
  return { id, ownerId }
}

/** An instance that is watched, and was read. `uuid`: its newest video. */
export async function givenWatched(
  tubewire: Tubewire,
  kinds: ('videos' | 'comments')[],
  { version = '6.3.0', videos = 3 } = {},
): Promise<{ instance: RemoteInstance; id: string; uuid: string }> {
  const instance = await control.instance({ videos, version, limits: { api: 10_000, feeds: 10_000 } })
  const [uuid = ''] = await instance.list()
  const watched = { instance, id: await watch(instance.origin, tubewire.deps, 0, kinds), uuid }
  await leap(tubewire, watched, 60_000, 2)
  return watched
}

/** Turns both clocks by so many steps, and polls after each, until there is nothing more to read just now. */
export async function leap(
  tubewire: Tubewire,
  { instance, id }: { instance: RemoteInstance; id: string },
  milliseconds: number,
  steps = 1,
): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    tubewire.advance(milliseconds)
    await instance.advance(milliseconds)
    await pollInstance(tubewire.deps, id)
  }
}

/** What was told, as `type subject`, and to whom when it is private. @param like the beginning of the type. */
export async function toldOf({ origin }: RemoteInstance, like: string): Promise<string[]> {
  const events = await eventsOf(origin)
  return events
    .filter(({ type }) => type.startsWith(like))
    .map(({ type, subject, ownerId }) => `${type} ${subject}${ownerId ? ` to ${ownerId}` : ''}`)
}

/** A source of an instance as its row stands. */
export async function sourceOf(instanceId: string, kind: string, target: string) {
  const row = await env.DB.prepare(
    `SELECT id, due_at AS dueAt, due_reason AS dueReason, method, failures, last_error AS lastError,
            succeeded_at AS succeededAt, checkpoint FROM sources WHERE instance_id = ? AND kind = ? AND target = ?`,
  )
    .bind(instanceId, kind, target)
    .first<{
      id: string
      dueAt: number
      dueReason: string
      method: string | null
      failures: number
      lastError: string | null
      succeededAt: number | null
      checkpoint: string
    }>()
  if (!row) throw new Error(`no source of ${kind} ${target}`)
  return row
}

/** Paths that an instance was asked for since so many requests. */
export async function pathsSince(instance: RemoteInstance, before: number): Promise<string[]> {
  return (await instance.requests()).slice(before).map(({ path }) => path.split('?')[0] ?? '')
}

/** From now on each answer takes so long, by both clocks. */
export function slowDown(tubewire: Tubewire, instance: RemoteInstance, milliseconds: number): void {
  const { fetch } = tubewire.deps
  tubewire.deps.fetch = async (input, init) => {
    const response = await fetch(input, init)
    tubewire.advance(milliseconds)
    await instance.advance(milliseconds)
    return response
  }
}
