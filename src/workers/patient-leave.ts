/** @module Leave to ask an instance, for whom somebody waits: a poll comes again, a person gives up. */
import type { Bucket } from '../peertube/client.ts'
import type { Deps } from './deps.ts'
import type { InstanceAccess } from './instance-access.ts'
import type { Grant } from './rate-limiter.ts'

/** A window of PeerTube's, and a little. */
const PATIENCE_MS = 12_000
/** A poll that is under way says only when it would be taken for dead: mostly it is done much sooner. */
const BUSY_PAUSE_MS = 1_000

/**
 * Asks for leave to make one request, and waits for it where that is soon.
 * @returns what the limiter said last.
 */
export async function askPatiently(
  deps: Pick<Deps, 'pause'>,
  access: InstanceAccess,
  bucket: Bucket = 'api',
): Promise<Grant> {
  let left = PATIENCE_MS
  for (;;) {
    const grant = await access.ask(bucket)
    if (grant.kind === 'granted') return grant
    const waitMs = grant.reason === 'busy' ? Math.min(BUSY_PAUSE_MS, grant.waitMs) : grant.waitMs
    if (waitMs > left) return grant
    left -= Math.max(waitMs, 1)
    await deps.pause(waitMs)
  }
}
