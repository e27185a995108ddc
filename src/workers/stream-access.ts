/** @module How the Worker gets at those who listen: opens streams, waits for events, and says that there are some. */
import type { Deps } from './deps.ts'
import type { StreamAsk } from './stream-client.ts'
import { ASK_HEADER, type Refusal, refusalOf } from './stream-hub.ts'
import { ROOT, shardName } from './stream-shards.ts'
import type { Awaited } from './stream-waiter.ts'

/** Who comes at the same time may take the last place first. */
const TRIES = 3

/**
 * Opens a stream.
 * @param isSocket a WebSocket, instead of Server-Sent Events.
 * @returns the object's answer: 200 with the events, or 101 with the socket. Or why there is none.
 */
export async function openStream(
  { env }: Pick<Deps, 'env'>,
  ask: StreamAsk,
  isSocket: boolean,
): Promise<Response | Refusal> {
  const headers = {
    [ASK_HEADER]: encodeURIComponent(JSON.stringify(ask)),
    ...(isSocket ? { upgrade: 'websocket' } : {}),
  }
  return placed(env.STREAM_HUB, ask.viewerId, async (hub) => {
    const response = await hub.fetch(new Request('https://stream/', { headers }))
    return refusalOf(response) ?? response
  })
}

/** Waits for an event that somebody may see and wants. @returns what came of it, or why nobody could wait. */
export async function awaitEvent(
  { env }: Pick<Deps, 'env'>,
  ask: StreamAsk,
  milliseconds: number,
): Promise<Awaited | Refusal> {
  return placed(env.STREAM_HUB, ask.viewerId, (hub) => hub.awaitEvent(ask, milliseconds))
}

/** Says that events were stored. A call that is lost costs the seconds to the next look of each object. */
export async function wakeStreams(hubs: Env['STREAM_HUB']): Promise<void> {
  await hubs.getByName(shardName(ROOT)).wake()
}

async function placed<TResult extends Response | Awaited>(
  hubs: Env['STREAM_HUB'],
  viewerId: string,
  take: (hub: ReturnType<Env['STREAM_HUB']['getByName']>) => Promise<TResult | Refusal>,
): Promise<TResult | Refusal> {
  let refusal: Refusal = 'full'
  for (let tries = 0; tries < TRIES; tries += 1) {
    // A new stub for each call: one that has failed goes on failing.
    const root = () => hubs.getByName(shardName(ROOT))
    const place = await root().place(viewerId)
    if (place.kind !== 'placed') return place.kind
    const taken = await take(hubs.getByName(shardName(place.shard)))
    if (taken === 'full' || taken === 'too-many') {
      refusal = taken
      continue
    }
    // While it was on its way there the root may have found that nobody is.
    if (place.shard !== ROOT) await root().enlist(place.shard)
    return taken
  }
  return refusal
}
