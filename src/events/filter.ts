/**
 * @module Which events somebody wants. `matches` says it of one event; SQL says the same of 100,000 subscriptions at once
 * (src/db/fan-out.ts), which it finds by their keys. Pure.
 */
import { type Facets, fold, NAMED, type Named } from './facets.ts'
import { EVENT_TYPES } from './types.ts'

type Values<TValue extends string | number = string> = readonly TValue[] | undefined

/** What is asked for: events that fit all of it. Of a list one item is enough; what is left out may be anything. */
export type Filter = {
  /** Types, `video.*`, or `*`. */
  types?: Values
  /** Hosts, as events name the instance. */
  instances?: Values
  /** `name@host`. */
  channels?: Values
  /** `name@host`, of who made the video or wrote the comment. */
  accounts?: Values
  /** UUIDs. */
  videos?: Values
  /** By their codes. */
  languages?: Values
  /** By their numbers. */
  categories?: Values<number>
  tags?: Values
  nsfw?: boolean | undefined
  /** Whether the video must belong to the instance that was read. */
  localOnly?: boolean | undefined
  /** Seconds. */
  minDuration?: number | undefined
  maxDuration?: number | undefined
  /** A part of the title or the description, or of what a comment says. */
  text?: string | undefined
  notificationKinds?: Values
}

/** A filter as it is compared: folded. Null: anything. */
export type Wanted = { types: readonly string[] } & Readonly<Record<Named, readonly string[] | null>> & {
    nsfw: boolean | null
    localOnly: boolean
    minDuration: number | null
    maxDuration: number | null
    text: string | null
  }

/** By what an event finds a subscription. `kind` is of what `value` is; empty: of nothing. */
export type Key = { kind: (typeof ANCHORS)[number][0] | ''; value: string }

/** What a subscription is found by, the rarest first: the first of these that it asks for. */
const ANCHORS = [
  ['video', 'videos'],
  ['channel', 'channels'],
  ['account', 'accounts'],
  ['tag', 'tags'],
  ['notification', 'notificationKinds'],
  // Many a Tubewire watches one.
  ['instance', 'instances'],
] as const satisfies [string, Named][]

const EVERYTHING = '*'
/** Kinds of events that are about no video: about the watching of an instance, and about Tubewire itself. */
const OF_INSTANCES = ['instance', 'connection']
const OF_TUBEWIRE = ['endpoint', 'delivery']

/** All that `types` of a filter may be. */
export const TYPE_PATTERNS: readonly string[] = [
  EVERYTHING,
  ...new Set(EVENT_TYPES.map(allOfKind)),
  ...EVENT_TYPES,
]

/** `video.published` → `video.*`. */
export function allOfKind(type: string): string {
  return `${kindOf(type)}.*`
}

/** Whether a type, or all of a kind, is about no video. */
export function isOperational(type: string): boolean {
  return OF_INSTANCES.includes(kindOf(type)) || isOfTubewire(type)
}

/** Whether a type, or all of a kind, is about an endpoint of ours: its subject. */
export function isOfTubewire(type: string): boolean {
  return OF_TUBEWIRE.includes(kindOf(type))
}

function kindOf(type: string): string {
  return type.split('.', 1)[0] ?? ''
}

/** A filter as it is compared. */
export function wantedOf(filter: Filter): Wanted {
  const lists = NAMED.map((name) => {
    const values = filter[name]
    return [name, values ? [...new Set(values.map((value) => fold(String(value))))] : null]
  })
  return {
    // Each of the names has its list.
    ...(Object.fromEntries(lists) as Record<Named, string[] | null>),
    types: [...new Set(filter.types ?? [EVERYTHING])],
    nsfw: filter.nsfw ?? null,
    localOnly: filter.localOnly ?? false,
    minDuration: filter.minDuration ?? null,
    maxDuration: filter.maxDuration ?? null,
    text: filter.text === undefined ? null : fold(filter.text),
  }
}

/**
 * Whether somebody who asks for this wants that event. What an event lacks it does not fit. But for one that is about no video:
 * whoever names its type wants it whatever he asks of videos.
 */
export function matches(filter: Filter, facets: Facets): boolean {
  return matcherOf(filter)(facets)
}

/** `matches` for many events: what of a filter has to be folded is folded once. */
export function matcherOf(filter: Filter): (facets: Facets) => boolean {
  const wanted = wantedOf(filter)
  return (facets) => fits(wanted, facets)
}

function fits(wanted: Wanted, facets: Facets): boolean {
  const { type } = facets
  if (isOperational(type) && [type, allOfKind(type)].some((named) => wanted.types.includes(named)))
    return isOfTubewire(type) || hasWanted(wanted, facets, 'instances')
  return (
    [EVERYTHING, type, allOfKind(type)].some((named) => wanted.types.includes(named)) &&
    NAMED.every((name) => hasWanted(wanted, facets, name)) &&
    (wanted.nsfw === null || wanted.nsfw === facets.nsfw) &&
    (!wanted.localOnly || facets.isLocal === true) &&
    isBetween(facets.duration, wanted.minDuration, wanted.maxDuration) &&
    (wanted.text === null || facets.text.includes(wanted.text))
  )
}

function hasWanted(wanted: Wanted, facets: Facets, name: Named): boolean {
  return wanted[name]?.some((value) => facets[name].includes(value)) ?? true
}

function isBetween(value: number | null, min: number | null, max: number | null): boolean {
  if (min === null && max === null) return true
  return value !== null && value >= (min ?? value) && value <= (max ?? value)
}

/** The keys of a subscription, each with a type: one for each type and each value of the rarest that it asks for. */
export function keysOf(filter: Filter): (Key & { type: string })[] {
  const wanted = wantedOf(filter)
  const keys = anchored(wanted, ANCHORS)
  const ofInstance = anchored(
    wanted,
    ANCHORS.filter(([kind]) => kind === 'instance'),
  )
  return wanted.types.flatMap((type) => {
    // As in `matches`: what is about no video is not found by one.
    const found = isOfTubewire(type) ? [ANY] : isOperational(type) ? ofInstance : keys
    return found.map((key) => ({ type, ...key }))
  })
}

const ANY: Key = { kind: '', value: '' }

function anchored(wanted: Wanted, anchors: readonly (typeof ANCHORS)[number][]): Key[] {
  for (const [kind, name] of anchors) {
    const values = wanted[name]
    if (values) return values.map((value) => ({ kind, value }))
  }
  return [ANY]
}

/** The keys by which an event finds subscriptions: any of these, with its type, all of its kind, or `*`. */
export function keysOfEvent(facets: Facets): Key[] {
  return [ANY, ...ANCHORS.flatMap(([kind, name]) => facets[name].map((value) => ({ kind, value })))]
}
