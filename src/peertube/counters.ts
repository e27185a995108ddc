/** @module Two numbers that move when an instance has something new: a small answer, instead of many that say the same. */
import * as v from 'valibot'
import { type Failure, failed, type Get } from './client.ts'
import { countOrNull } from './fields.ts'
import { describeIssue, type NotModified } from './items.ts'
import { NODE_INFO, NodeInfo } from './schemas.ts'

export type Counters = {
  kind: 'counters'
  /** Of PeerTube. */
  version: string
  /** Of the instance's own users. Null: it doesn't say. */
  comments: number | null
  /** Its videos. */
  posts: number | null
  /** For how long the instance answers the same, or null when it doesn't say. */
  maxAgeSeconds: number | null
  etag: string | null
}

const Usage = v.object({
  software: v.object({ name: v.literal('peertube'), version: NodeInfo.entries.software.entries.version }),
  usage: v.fallback(v.nullish(v.object({ localComments: countOrNull, localPosts: countOrNull }), null), null),
})

/** Reads `/nodeinfo/2.0.json`. @param etag of it when it was last read, for a 304. */
export async function readCounters(
  get: Get,
  origin: string,
  etag: string | null,
): Promise<Counters | NotModified | Failure> {
  const answer = await get(origin + NODE_INFO, { etag })
  if (answer.kind !== 'ok') return answer
  const parsed = v.safeParse(Usage, answer.body)
  if (!parsed.success) {
    return failed('schema', `no nodeinfo of PeerTube: ${describeIssue(parsed.issues[0])}`, answer.observation)
  }
  const { software, usage } = parsed.output
  return {
    kind: 'counters',
    version: software.version,
    comments: usage?.localComments ?? null,
    posts: usage?.localPosts ?? null,
    maxAgeSeconds: answer.maxAgeSeconds,
    etag: answer.etag,
  }
}
