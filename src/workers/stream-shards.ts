/**
 * @module Which object serves whom. There is one as long as one is enough; when it is full there are more, and who comes goes by a
 * hash to one of them that has room. The first of them, the root, knows how many there are, and passes every wake-up on.
 */

/** The name of an object. The root is 0. */
export const shardName = (shard: number): string => `stream:${shard}`
export const ROOT = 0

/** How full an object is, and how much of that is of one account. */
export type Occupancy = { clients: number; ofViewer: number }

/** What an object answered. One that does not is as good as full: whoever comes is to find another. */
export function occupancyOf(answer: PromiseSettledResult<Occupancy>): Occupancy {
  return answer.status === 'fulfilled' ? answer.value : { clients: Number.POSITIVE_INFINITY, ofViewer: 0 }
}

export type Limits = {
  /** Of one object. */
  clients: number
  /** Of one account, at all objects. */
  ofViewer: number
  shards: number
}
export const LIMITS: Limits = { clients: 1_000, ofViewer: 50, shards: 64 }

/** Where a stream is to be opened. `too-many`: the account has as many as it may. `full`: nobody else fits in. */
export type Place = { kind: 'placed'; shard: number } | { kind: 'too-many' } | { kind: 'full' }

/**
 * Finds the object for one more stream.
 * @param occupied each object's, in the order of their numbers. The next number after them is a new one.
 */
export function placeFor(viewerId: string, occupied: readonly Occupancy[], limits: Limits): Place {
  const ofViewer = occupied.reduce((sum, one) => sum + one.ofViewer, 0)
  if (ofViewer >= limits.ofViewer) return { kind: 'too-many' }
  const first = hash(viewerId) % Math.max(1, occupied.length)
  for (let step = 0; step < occupied.length; step += 1) {
    const shard = (first + step) % occupied.length
    if ((occupied[shard]?.clients ?? 0) < limits.clients) return { kind: 'placed', shard }
  }
  return occupied.length < limits.shards ? { kind: 'placed', shard: occupied.length } : { kind: 'full' }
}

function hash(text: string): number {
  // FNV-1a: ids are random, so anything spreads them.
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}
