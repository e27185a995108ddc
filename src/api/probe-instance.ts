/** @module Asks an instance what it is, with leave of its limiter: nothing of ours goes there without. */
import { newId } from '../db/id.ts'
import { diagnose } from '../http/tcp.ts'
import { type Answer, getJson } from '../peertube/client.ts'
import { type ProbeResult, probe } from '../peertube/probe.ts'
import { clientDeps, type Deps } from '../workers/deps.ts'
import { instanceAccess } from '../workers/instance-access.ts'
import { Problem } from './problem.ts'

/** A window of PeerTube's, and a little. */
const PROBE_PATIENCE_MS = 12_000

/**
 * What an instance says it is.
 * @throws Problem 503 when it has been asked enough for now, with when to come back.
 */
export async function probeInstance(deps: Deps, url: URL): Promise<ProbeResult> {
  const access = instanceAccess(deps.env.RATE_LIMITER, url.host, newId('run'), deps.clock)
  const askLeave = async () => {
    let grant = await access.ask()
    if (grant.kind === 'wait' && grant.reason !== 'busy' && grant.waitMs <= PROBE_PATIENCE_MS) {
      // The answer to the first question may have been the last of our share: then no later try would get farther.
      const { waitMs } = grant
      await deps.pause(waitMs)
      grant = await access.ask()
    }
    if (grant.kind === 'granted') return
    const seconds = Math.ceil(grant.waitMs / 1000)
    throw new Problem(
      'instance_busy',
      `${url.host} has been asked enough for now: try again in ${seconds} s`,
      {
        headers: { 'retry-after': String(seconds) },
      },
    )
  }
  const get = async (target: string): Promise<Answer> => {
    await askLeave()
    const answer = await getJson(clientDeps(deps), target)
    await access.observe(answer.observation)
    return answer
  }
  try {
    return await probe(url.origin, get, async (target) => {
      await askLeave()
      const why = await diagnose(target, deps.fetch)
      await access.observe(null)
      return why
    })
  } finally {
    await access.leave()
  }
}
