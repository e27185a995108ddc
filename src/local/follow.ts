/**
 * @module Following the events of a service by its stream (Server-Sent Events), for as long as nobody stops it: what breaks off is
 * gone on with where it was, so that each event comes once, in order. What is not acknowledged by being asked for the next is not
 * gone past.
 */
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import * as v from 'valibot'
import type { PublicEvent } from '../events/envelope.ts'
import { ask, asTrouble, Trouble } from './ask-service.ts'
import { oneLine } from './print.ts'
import type { ServiceKey } from './service-here.ts'

/** What following needs of the world. */
export type FollowDeps = {
  fetch: typeof fetch
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Passes so many milliseconds. */
  wait: (milliseconds: number) => Promise<void>
  /** Tells a person what holds it up: once for each outage, and when it is over. */
  say: (line: string) => void
  /** After so long without a byte a connection is given up: a comment comes every 15 s. */
  silentMs: number
}

export const SILENT_MS = 60_000
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000
/** Of one event in UTF-16 units: what is longer is none of ours. */
const LONGEST_FRAME = 16_000_000

/** An event as the API shows it. Its id goes into a header. */
const Event = v.object({
  id: v.pipe(v.string(), v.regex(/^[\w-]{1,200}$/)),
  type: v.string(),
  timestamp: v.pipe(v.string(), v.isoTimestamp()),
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  instance: v.string(),
  data: v.unknown(),
})

/** An event in what a service sent; null when it is none. */
export function eventIn(value: unknown): PublicEvent | null {
  const parsed = v.safeParse(Event, value)
  return parsed.success ? parsed.output : null
}

/**
 * The events after a sequence, as they come. Never ends by itself.
 * @param query the filter, as the stream takes it.
 * @throws Mistake for what trying again will not mend: a wrong key, a filter that is refused.
 */
export async function* follow(
  service: ServiceKey,
  { query, after }: { query: URLSearchParams; after: number },
  deps: FollowDeps,
): AsyncGenerator<PublicEvent, never> {
  const patience = patient(service, deps)
  let position = after
  for (;;) {
    try {
      for await (const frame of await connect(service, query, position, patience, deps)) {
        const event = read(frame, deps)
        // What comes again was given before.
        if (!event || event.sequence <= position) continue
        yield event
        position = event.sequence
        patience.isWell()
      }
    } catch (error) {
      await patience.afterTrouble(error)
      continue
    }
    await patience.afterEnd()
  }
}

/** Asks for the stream. @returns its frames. */
async function connect(
  service: ServiceKey,
  query: URLSearchParams,
  after: number,
  patience: Patience,
  deps: FollowDeps,
): Promise<AsyncGenerator<EventSourceMessage, void>> {
  const asked = new URLSearchParams([...query, ['after', String(after)]])
  const response = await ask(service, { path: `/api/v1/stream?${asked}`, accept: 'text/event-stream' }, deps)
  patience.isReached()
  return frames(response, deps.silentMs, patience.pace)
}

/** The frames of a stream, each when the one before has been taken: who is slow is sent no more than buffers hold. */
async function* frames(
  { body }: Response,
  silentMs: number,
  onRetry: (milliseconds: number) => void,
): AsyncGenerator<EventSourceMessage, void> {
  if (!body) return
  const queue: EventSourceMessage[] = []
  const parser = createParser({
    onEvent: (frame) => queue.push(frame),
    onRetry,
    maxBufferSize: LONGEST_FRAME,
  })
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), silentMs).catch(asTrouble)
      if (done) return
      try {
        parser.feed(value)
      } catch (error) {
        asTrouble(error)
      }
      yield* queue.splice(0)
    }
  } finally {
    // Of what has failed there is nothing to cancel.
    await reader.cancel().catch(() => undefined)
  }
}

/** @throws Trouble when it takes longer. */
async function within<TResult>(work: Promise<TResult>, milliseconds: number): Promise<TResult> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Trouble(`nothing came for ${milliseconds / 1_000} s`))
    timer = setTimeout(fail, milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Why a service closes a stream. */
const Closing = v.object({ reason: v.string() })

/** The event of a frame; null when it has none. */
function read({ event, data }: EventSourceMessage, { say }: FollowDeps): PublicEvent | null {
  const value = parse(data)
  const found = eventIn(value)
  if (found) return found
  // Of the service itself: no type of an event is a single word.
  if (event === 'closed' || event === 'dropped') {
    const said = v.safeParse(Closing, value)
    say(`. the service closes the stream: ${oneLine(said.success ? said.output.reason : data)}`)
  } else say(`! left out what is no event: ${oneLine(data)}`)
  return null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How long is waited before the stream is asked for again, and what is said of that. */
type Patience = ReturnType<typeof patient>

export function patient({ url }: ServiceKey, { clock, wait, say }: FollowDeps) {
  let first = FIRST_WAIT_MS
  let failures = 0
  let isDown = false
  const next = () => Math.min(first * 2 ** Math.min(failures, 10), LONGEST_WAIT_MS)
  const rest = async (atLeast = 0) => {
    const milliseconds = Math.max(next(), atLeast)
    failures += 1
    await wait(milliseconds)
  }
  return {
    /** The service says how long to wait (`retry`). */
    pace(milliseconds: number) {
      first = Math.min(Math.max(milliseconds, 100), LONGEST_WAIT_MS)
    },
    isReached() {
      if (isDown) say(`. ${url.origin} answers again`)
      isDown = false
    },
    isWell() {
      failures = 0
    },
    afterEnd: () => rest(),
    /** @throws what was thrown, where that is not the trouble of a moment. */
    async afterTrouble(error: unknown) {
      if (!(error instanceof Trouble)) throw error
      if (!isDown) say(`! ${url.origin}: ${oneLine(error.message)}; trying again until it answers`)
      isDown = true
      await rest(error.retryAt === null ? 0 : error.retryAt - clock())
    },
  }
}
