/** @module Which object keeps which endpoint: see delivery-gate.ts. */

/** Objects that share all endpoints. */
const SHARDS = 16

/** The object that keeps an endpoint. */
export function gateOf(id: string): string {
  // FNV-1a: ids are random, so anything spreads them.
  let hash = 0x811c9dc5
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  return `deliveries:${(hash >>> 0) % SHARDS}`
}

/** Endpoints so that those of one object stand together: a run with a part of them has few objects to ask. */
export function byGate(ids: Iterable<string>): string[] {
  return [...Map.groupBy(ids, gateOf).values()].flat()
}
