/** @module One who listens: who he is, what he wants, and how far he is. */
import * as v from 'valibot'
import type { Credential } from '../db/stream-rights.ts'
import type { Facets } from '../events/facets.ts'
import { type Filter, matcherOf } from '../events/filter.ts'
import type { Outlet } from './stream-outlet.ts'

const texts = v.optional(v.array(v.string()))
const number = v.optional(v.number())

/** As `Filter`. The Worker that parsed it may be another version than the object that reads it. */
const FilterAsk: v.GenericSchema<Filter> = v.object({
  types: texts,
  instances: texts,
  channels: texts,
  accounts: texts,
  videos: texts,
  languages: texts,
  categories: v.optional(v.array(v.number())),
  tags: texts,
  nsfw: v.optional(v.boolean()),
  localOnly: v.optional(v.boolean()),
  minDuration: number,
  maxDuration: number,
  text: v.optional(v.string()),
  notificationKinds: texts,
})

const CredentialAsk: v.GenericSchema<Credential> = v.variant('kind', [
  v.object({ kind: v.picklist(['session', 'key']), id: v.string(), userId: v.string() }),
  v.object({ kind: v.literal('operator'), digest: v.string() }),
])

/** What the Worker asks for in somebody's name. */
export const StreamAsk = v.object({
  /** Who sees: what is public, and what is his. */
  viewerId: v.string(),
  credential: CredentialAsk,
  filter: FilterAsk,
  /** The sequence after which to begin. */
  after: v.number(),
})
export type StreamAsk = v.InferOutput<typeof StreamAsk>

export class StreamClient {
  readonly viewerId: string
  readonly credential: Credential
  readonly filter: Filter
  /** The same for all who want the same: whether an event fits is worked out once for them. */
  readonly wish: string
  readonly fits: (facets: Facets) => boolean
  readonly outlet: Outlet
  /** All up to this sequence was sent, or does not fit. */
  position: number
  /** In which turn it was last read for by itself: who waits longest comes first. */
  servedIn = 0
  /** Reading for it failed: it waits for the next look. */
  isResting = false
  /** It has left, or is told to: nothing is sent any more. */
  isGone = false

  constructor({ viewerId, credential, filter, after }: StreamAsk, outlet: Outlet) {
    this.viewerId = viewerId
    this.credential = credential
    this.filter = filter
    this.wish = JSON.stringify(filter)
    this.fits = matcherOf(filter)
    this.outlet = outlet
    this.position = after
  }

  /** Whether it can be given something now. */
  get isReady(): boolean {
    return !this.isGone && !this.isResting && this.outlet.hasRoom()
  }

  /** All up to this sequence was looked at. */
  moveOn(position: number): void {
    if (position <= this.position) return
    this.position = position
    this.outlet.moveOn(position)
  }
}
