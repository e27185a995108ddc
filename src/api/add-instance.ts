/** @module What becomes watched when somebody adds an instance: the whole of it, or a channel or account on it. */
import {
  findInstance,
  findInstanceAt,
  findInstanceByHost,
  type InstanceState,
  insertInstance,
  type NewSource,
} from '../db/instances.ts'
import { insertSource } from '../db/sources.ts'
import { targetText } from '../events/source-target.ts'
import { firstCheckpoint } from '../events/video-walk.ts'
import type { FoundActor } from '../peertube/find-actor.ts'
import type { Named } from '../peertube/paste.ts'
import type { Deps } from '../workers/deps.ts'
import { auditOf } from './audit-entry.ts'
import { refuseCovered } from './coverage.ts'
import { type Input, userOf } from './operation.ts'
import { type ProbedInstance, probeActor, probeInstance } from './probe-instance.ts'
import { Problem } from './problem.ts'

/** `known`: the instance is watched, but for this part of it. `actor`: null, the whole of it. */
type Plan = ProbedInstance & { host: string; known: InstanceState | null; actor: FoundActor | null }

/**
 * Asks an instance what it is, and for the channel or account that was named.
 * @throws Problem 409 when that is watched already, 422 when it can't be, 503 when it has been asked enough for now.
 */
export async function planInstance(deps: Deps, { url, named }: { url: URL; named: Named }): Promise<Plan> {
  const known = await knownAt(deps, url)
  const probed = known ? asKnown(known) : await probeInstance(deps, url)
  const there = known ?? (probed.movedFrom ? await knownAt(deps, probed.url) : null)
  const actor = 'name' in named ? await probeActor(deps, probed.url, named) : null
  if (there)
    refuseCovered(there, { kind: 'videos', target: targetOf(actor), account: actor?.account ?? null })
  return { ...probed, host: there?.host ?? probed.url.host, known: there, actor }
}

/** @throws Problem 409 when all of it is watched: nothing is asked then. */
async function knownAt({ env }: Deps, { host, origin }: URL): Promise<InstanceState | null> {
  const known = (await findInstanceByHost(env.DB, host)) ?? (await findInstanceAt(env.DB, origin))
  if (known) refuseCovered(known, { kind: 'videos', target: '' })
  return known
}

function asKnown({ origin, name, version, movedFrom }: InstanceState): ProbedInstance {
  return { url: new URL(origin), name, version, movedFrom: movedFrom === null ? null : new URL(movedFrom) }
}

function targetOf(actor: FoundActor | null): string {
  return actor ? targetText({ kind: actor.kind, name: actor.name }) : ''
}

/** What a plan says to whoever asked for it. */
export function showPlan({ url, host, name, version, movedFrom, actor }: Plan) {
  return {
    url: url.origin,
    host,
    name,
    version,
    movedFrom: movedFrom?.origin ?? null,
    watches: {
      kind: actor?.kind ?? ('instance' as const),
      name: actor?.name ?? null,
      displayName: actor?.displayName ?? null,
    },
  }
}

/**
 * Stores what was planned.
 * @param backfill so many of the newest videos become events.
 * @throws Problem 409 when somebody else was quicker.
 */
export async function watchPlanned(
  input: Input<unknown, unknown, unknown>,
  plan: Plan,
  backfill: number,
): Promise<InstanceState> {
  const { DB } = input.deps.env
  const now = input.deps.clock()
  const videos: NewSource = {
    kind: 'videos',
    target: targetOf(plan.actor),
    checkpoint: JSON.stringify(firstCheckpoint(backfill)),
  }
  const id = plan.known
    ? (await insertSource(DB, plan.known.id, videos, now, auditOf(input, null))) && plan.known.id
    : await insertInstance(
        DB,
        {
          ownerId: userOf(input).id,
          origin: plan.url.origin,
          host: plan.host,
          name: plan.name,
          version: plan.version,
          movedFrom: plan.movedFrom?.origin ?? null,
          createdAt: now,
        },
        [videos, { kind: 'comments', target: '', checkpoint: '{}' }],
        auditOf(input, null),
      )
  const instance = id === null ? null : await findInstance(DB, id)
  if (instance) return instance
  const other = await findInstanceByHost(DB, plan.host)
  if (other) refuseCovered(other, { ...videos, account: plan.actor?.account ?? null })
  throw new Problem(409, `${plan.host} was added or removed meanwhile: try again`)
}
