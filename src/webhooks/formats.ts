/** @module The payload formats of webhooks: of an event, what is posted to whom. Pure. A new one is a file and a line here. */
import type { PublicEvent } from '../events/envelope.ts'
import { cloudevents } from './formats/cloudevents.ts'
import { cloudeventsBinary } from './formats/cloudevents-binary.ts'
import { discord } from './formats/discord.ts'
import type { Batch, Message, RenderOptions, Writer } from './formats/format.ts'
import { mastodon } from './formats/mastodon.ts'
import { matrix } from './formats/matrix.ts'
import { ntfy } from './formats/ntfy.ts'
import { slack } from './formats/slack.ts'
import { standard } from './formats/standard.ts'

export type { Message, RenderOptions } from './formats/format.ts'

export const FORMATS = [
  'standard',
  'cloudevents',
  'cloudevents-binary',
  'discord',
  'slack',
  'matrix',
  'ntfy',
  'mastodon',
] as const
export type Format = (typeof FORMATS)[number]

const WRITERS: Record<Format, Writer> = {
  standard,
  cloudevents,
  'cloudevents-binary': cloudeventsBinary,
  discord,
  slack,
  matrix,
  ntfy,
  mastodon,
}

const GREETING = 'Tubewire is connected: the events that you subscribed to will appear here.'

/** One event as one body. @throws when the endpoint's URL is none of the format's: see `formatProblem`. */
export function render(format: Format, event: PublicEvent, options: RenderOptions): Message {
  return WRITERS[format].one(event, options)
}

/**
 * Several events as one body (1 to 100).
 * @throws when the format takes one event a body: see `canBatch`.
 */
export function renderBatch(
  format: Format,
  events: readonly PublicEvent[],
  batch: Batch,
  options: RenderOptions,
): Message {
  const { several } = WRITERS[format]
  if (!several) throw new Error(`the format ${format} has one event in a body`)
  return several(events, batch, options)
}

/** Whether a format can carry several events in one body. Not where the event's id is in the headers, or in ntfy. */
export function canBatch(format: Format): boolean {
  return WRITERS[format].several !== undefined
}

/** Whether people read it: then it is verified by a greeting instead of a challenge. */
export function isChat(format: Format): boolean {
  return WRITERS[format].greet !== undefined
}

/** The greeting by which a chat target is verified. @throws when no people read the format: see `isChat`. */
export function greeting(format: Format, options: RenderOptions): Message {
  const { greet } = WRITERS[format]
  if (!greet) throw new Error(`the format ${format} is verified by a challenge`)
  return greet(GREETING, options)
}

/** Why a URL can't be an endpoint of a format, or null: `must end with the topic, such as …`. */
export function formatProblem(format: Format, url: string): string | null {
  return WRITERS[format].problem?.(url) ?? null
}
