/**
 * @module What can't be known by design, and why: the only place where the oracle looks away. Besides these it is only the net
 * effect of what happens between two looks that can be told, and what was over before the first look is nothing to us.
 */
import type { Moment, VideoState } from './history.ts'
import { isListed } from './history.ts'

/**
 * Whether everybody could see a video all the time since then. Comments on one that was unlisted or private meanwhile are not
 * public then, and what happened to them there is not looked for afterwards: nothing says that it did.
 */
export function isInSight(video: readonly Moment<VideoState>[], since: number): boolean {
  const from = video.findLastIndex(({ at }) => at <= since)
  return video.slice(Math.max(0, from)).every(isListed)
}
