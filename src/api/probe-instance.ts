/** @module Asks an instance what it is and what is on it, with leave of its limiter: nothing of ours goes there without. */
import { newId } from '../db/id.ts'
import { targetCheck } from '../http/target-check.ts'
import { diagnose } from '../http/tcp.ts'
import { type Failure, type Get, getJson } from '../peertube/client.ts'
import { type FoundActor, findActor } from '../peertube/find-actor.ts'
import type { Named } from '../peertube/paste.ts'
import { type Asking, probe, type Refusal, refusal } from '../peertube/probe.ts'
import { clientDeps, type Deps } from '../workers/deps.ts'
import { instanceAccess } from '../workers/instance-access.ts'
import { askPatiently } from '../workers/patient-leave.ts'
import { Problem } from './problem.ts'
import { problemCode } from './problem-codes.ts'

/** A poll takes so long at the most, but for one of an instance that answers slowly. */
const BUSY_SECONDS = 5

/** `url`: where it is; `movedFrom`: where it was asked first, when that led on for good. */
export type ProbedInstance = { url: URL; name: string; version: string; movedFrom: URL | null }

/**
 * What an instance says it is. A permanent redirect to another host is followed, once.
 * @throws Problem 422 when it can't be watched, and why; 503 when it has been asked enough for now, with when to come back.
 */
export async function probeInstance(deps: Deps, url: URL): Promise<ProbedInstance> {
  const first = await askInstance(deps, url, (asking) => probe(url.origin, asking))
  if (first.kind === 'ok') return { url, name: first.name, version: first.version, movedFrom: null }
  const { movedTo } = first
  if (movedTo === null || (await targetCheck(deps, movedTo))) throw problemOf(first)
  const second = await askInstance(deps, movedTo, (asking) => probe(movedTo.origin, asking))
  if (second.kind === 'ok')
    return { url: movedTo, name: second.name, version: second.version, movedFrom: url }
  throw problemOf({ ...second, detail: `${url.origin} has moved: ${second.detail}` })
}

/**
 * The channel or account of an instance that was named.
 * @throws as `probeInstance`; Problem 422 also when there is none.
 */
export async function probeActor(
  deps: Deps,
  url: URL,
  wanted: Extract<Named, { name: string }>,
): Promise<FoundActor> {
  const result = await askInstance(deps, url, (asking) => findActor(url.origin, wanted, asking))
  if (result.kind === 'found') return result.actor
  if (result.kind === 'refused') throw problemOf(result)
  const what = wanted.kind === 'actor' ? 'channel and no account' : wanted.kind
  throw new Problem('not_there', `${url.origin} has no ${what} ${wanted.name}`)
}

/**
 * Reads something of an instance as polls do.
 * @throws as `probeInstance`.
 */
export async function readInstance<TRead extends { kind: string }>(
  deps: Deps,
  url: URL,
  read: (get: Get) => Promise<TRead | Failure>,
): Promise<Exclude<TRead, Failure>> {
  return askInstance(deps, url, async (asking) => {
    const refuse = async (answer: Parameters<typeof refusal>[2]) =>
      problemOf(await refusal(url.origin, '', answer, asking))
    const result = await read(async (target) => {
      const answer = await asking.get(target)
      if (answer.kind === 'rate-limited') throw await refuse(answer)
      return answer
    })
    if (isFailure(result)) throw await refuse(result)
    // What is left of the union, which TypeScript doesn't narrow while it is generic.
    return result as Exclude<TRead, Failure>
  })
}

function isFailure(result: { kind: string }): result is Failure {
  return result.kind === 'failed'
}

function problemOf({ reason, detail }: Refusal): Problem {
  return new Problem(problemCode(reason.replaceAll('-', '_')) ?? 422, detail)
}

/** @throws Problem 503 when the instance has been asked enough for now. */
async function askInstance<TResult>(
  deps: Deps,
  url: URL,
  ask: (asking: Asking) => Promise<TResult>,
): Promise<TResult> {
  // Checked when it was added, and again: what this Tubewire allows, or where the name leads, may have changed since.
  const problem = await targetCheck(deps, url)
  if (problem) throw new Problem('unreachable', `The URL of ${url.host} ${problem}`)
  const access = instanceAccess(deps.env.RATE_LIMITER, url.host, newId('run'), deps.clock)
  const askLeave = async () => {
    // The answer to the first question may have been the last of our share: then no later try would get farther.
    const grant = await askPatiently(deps, access)
    if (grant.kind === 'granted') return
    const isBusy = grant.reason === 'busy'
    const seconds = isBusy ? BUSY_SECONDS : Math.ceil(grant.waitMs / 1000)
    const why = isBusy ? 'is being read just now' : 'has been asked enough for now'
    throw new Problem('instance_busy', `${url.host} ${why}: try again in ${seconds} s`, {
      headers: { 'retry-after': String(seconds) },
    })
  }
  try {
    return await ask({
      async get(target) {
        await askLeave()
        const answer = await getJson(clientDeps(deps), target)
        await access.observe(answer.observation)
        return answer
      },
      async diagnose(target) {
        await askLeave()
        const why = await diagnose(target, deps.fetch)
        await access.observe(null)
        return why
      },
    })
  } finally {
    await access.leave()
  }
}
