/** @module The channel or the account that goes by a name on an instance. */
import * as v from 'valibot'
import type { Answer } from './client.ts'
import { text } from './fields.ts'
import type { Named } from './paste.ts'
import { type Asking, type Refusal, refusal } from './probe.ts'

/** `name`: as the instance writes it. `account`: whose a channel is. */
export type FoundActor = {
  kind: 'channel' | 'account'
  name: string
  displayName: string
  account: string | null
}
export type ActorResult = { kind: 'found'; actor: FoundActor } | { kind: 'missing' } | Refusal

const name = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,120}$/))
/** `GET /api/v1/video-channels/{name}` and `/accounts/{name}`. */
const Actor = v.object({
  name,
  displayName: v.fallback(text(200), ''),
  ownerAccount: v.fallback(v.nullish(v.object({ name }), null), null),
})

const ROUTES = { channel: 'video-channels', account: 'accounts' } as const

/**
 * Asks an instance for one of its own channels or accounts. Of a handle, which doesn't say which it is, first for a channel.
 * @param origin of the instance; named in every detail.
 */
export async function findActor(
  origin: string,
  wanted: Extract<Named, { name: string }>,
  asking: Asking,
): Promise<ActorResult> {
  for (const kind of wanted.kind === 'actor' ? (['channel', 'account'] as const) : [wanted.kind]) {
    const path = `/api/v1/${ROUTES[kind]}/${encodeURIComponent(wanted.name)}`
    const answer = await asking.get(origin + path)
    if (isMissing(answer)) continue
    if (answer.kind !== 'ok') return refusal(origin, path, answer, asking)
    const parsed = v.safeParse(Actor, answer.body)
    if (!parsed.success) {
      const detail = `${origin} answers what is no ${kind} when it is asked for ${wanted.name}`
      return { kind: 'refused', reason: 'not-peertube', detail, movedTo: null }
    }
    const { name, displayName, ownerAccount } = parsed.output
    const account = kind === 'channel' ? (ownerAccount?.name ?? null) : null
    return { kind: 'found', actor: { kind, name, displayName, account } }
  }
  return { kind: 'missing' }
}

function isMissing(answer: Answer): boolean {
  return answer.kind === 'failed' && answer.observation?.status === 404
}
