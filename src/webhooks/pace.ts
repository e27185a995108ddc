/**
 * @module How fast one endpoint is sent to: its limit, kept by the generic cell rate algorithm ("virtual scheduling", ITU-T I.371),
 * and less while it says that it is too much. Pure: who holds the endpoint's lease holds its pace, too.
 */

/**
 * `arrival`: when the next request would come if all came evenly. `slowness`: see `afterAnswer`. `slowedAt`: when it grew the last
 * time. `calledFor`: see `call`. Times are milliseconds since the epoch.
 */
export type Pace = { arrival: number; slowness: number; slowedAt: number; calledFor: number }

export const NEW_PACE: Pace = { arrival: 0, slowness: 0, slowedAt: 0, calledFor: 0 }

/** What an endpoint is sent at most that has no limit of its own, requests a second. */
const DEFAULT_PER_SECOND = 1_000
/** What has not been sent for so long may be caught up at once: the time between two runs. */
const BURST_MS = 250
/** Each time that it is too much, the next requests come at a fraction of the pace: of its limit, or of this. */
const SLOWDOWN = 4
const SLOWED_PER_SECOND = 64
const MAX_SLOWNESS = 6
/** So many good answers in a row take back one slowdown. */
const ANSWERS_THAT_SPEED_UP = 4
/** However slow: one in so many milliseconds, or it could never show that it is well again. */
const SLOWEST_MS = 60_000

/** Whether a status says that it was too much: `429 Too Many Requests`, and what proxies say of a server that can't keep up. */
function isTooMuch(status: number | null): boolean {
  return status === 429 || status === 502 || status === 504
}

/** The pace after an answer. @param answer `status` is null when there was none. */
export function afterAnswer(
  pace: Pace,
  answer: { status: number | null; isSuccess: boolean; startedAt: number; endedAt: number },
): Pace {
  if (isTooMuch(answer.status)) {
    // Of requests that were under way together each is refused, and all of them are one mistake.
    if (answer.startedAt <= pace.slowedAt) return pace
    const slowness = Math.min(MAX_SLOWNESS, Math.floor(pace.slowness) + 1)
    return { ...pace, slowness, slowedAt: answer.endedAt }
  }
  if (!answer.isSuccess || pace.slowness === 0) return pace
  return { ...pace, slowness: Math.max(0, pace.slowness - 1 / ANSWERS_THAT_SPEED_UP) }
}

/**
 * Takes the next place in line.
 * @param perSecond the endpoint's own limit; null: it has none.
 * @returns how many milliseconds to wait for it, and the pace when it is taken.
 */
export function reserve(pace: Pace, perSecond: number | null, now: number): { waitMs: number; pace: Pace } {
  const interval = intervalOf(pace, perSecond)
  // Of a clock that went back: nobody waits for longer than a burst and a request take.
  const arrival = Math.min(pace.arrival, now + BURST_MS + 2 * interval + SLOWEST_MS)
  const burst = Math.max(0, BURST_MS - interval)
  const waitMs = Math.max(0, Math.ceil(arrival - burst - now))
  return { waitMs, pace: { ...pace, arrival: Math.max(arrival, now) + interval } }
}

/** Gives a place back that was taken and not used. */
export function giveBack(pace: Pace, perSecond: number | null): Pace {
  return { ...pace, arrival: pace.arrival - intervalOf(pace, perSecond) }
}

/** Clocks differ by so much: who comes a little before his time has come. */
const EARLY_MS = 100

/**
 * Sees to it that somebody comes back to an endpoint at a time.
 * @returns the pace that says so; null: somebody comes by then anyway. If everybody who comes in vain called another one, there would
 * be ever more of them, for as long as something waits.
 */
export function call(pace: Pace, at: number, now: number): Pace | null {
  if (pace.calledFor > now + EARLY_MS && pace.calledFor <= at) return null
  return { ...pace, calledFor: at }
}

/** Milliseconds from one request to the next. */
function intervalOf({ slowness }: Pace, perSecond: number | null): number {
  const usual = 1_000 / (perSecond ?? DEFAULT_PER_SECOND)
  if (slowness === 0) return usual
  const slowed = Math.max(usual, 1_000 / SLOWED_PER_SECOND) * SLOWDOWN ** Math.ceil(slowness)
  return Math.min(slowed, Math.max(usual, SLOWEST_MS))
}
