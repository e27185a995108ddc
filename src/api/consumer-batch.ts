/** @module The next batch of a consumer: looked for once, or as often as the caller waits. */
import { isLeased, leaseNext, mayLease, type NewLease, type Reading } from '../db/consumer-leases.ts'
import { type Consumer, findConsumer } from '../db/consumers.ts'
import { newId } from '../db/id.ts'
import { eventJson } from '../events/envelope.ts'
import { missingConsumer } from './consumer-view.ts'
import { untilNews } from './news.ts'
import { type Answer, type Input, isOperator, userOf } from './operation.ts'
import { Problem } from './problem.ts'
import { credentialsOf } from './request/caller.ts'
import { time } from './time.ts'

/** Whether a lease has ended is seen so often; and what is new, where nobody tells. */
const LOOK_EVERY_MS = 1_000
/** The cursor may be moved, or taken away, while nothing is new. */
const LOOK_AT_CURSOR_MS = 5_000
/** How often one request looks: a Worker may ask its database 50 times on a free plan. */
const MOST_LOOKS = 35
/** Where others are quicker each time, one of them has it. */
const MOST_TRIES = 3

/** How a caller asks for it. `lease`, `wait`: seconds. */
type Asked = { limit: number; lease: number; wait: number; worker?: string | undefined }

type ReadInput = Input<{ name: string }, Asked, undefined>

/** Reads at once, or as soon as there is something, within the time that the caller waits. */
export async function readWithin(input: ReadInput): Promise<Answer> {
  const { deps, request, query } = input
  // Asking what there would be takes nothing (RFC 9110, 9.3.2).
  if (request.method === 'HEAD')
    return empty({ kind: 'none', consumer: await find(input), more: false }, deps.clock())
  const end = deps.clock() + query.wait * 1_000
  // What was looked at in vain is not looked at again while nothing is new.
  let seen = { newest: -1, revision: -1 }
  for (let looks = 1; ; looks += 1) {
    const consumer = await find(input)
    const isNews = consumer.newest > seen.newest || consumer.revision !== seen.revision
    const read: Looked = isNews ? await look(input, consumer) : { kind: 'none', consumer, more: false }
    if (read.kind === 'batch') {
      if (looks > 1) await refuseWhoLeft(input)
      return batch(read)
    }
    const now = deps.clock()
    const left = end - now
    if (read.more || left <= 0 || looks === MOST_LOOKS || request.signal.aborted) return empty(read, now)
    if (read.kind === 'none') {
      seen = read.consumer
      const { filter, newest: after } = read.consumer
      const milliseconds = Math.min(left, LOOK_AT_CURSOR_MS)
      const outcome = await untilNews(input, { after, filter, milliseconds })
      // Too many wait as it is: then by looking.
      if (outcome === 'full' || outcome === 'too-many') await deps.pause(Math.min(left, LOOK_EVERY_MS))
    } else await deps.pause(Math.max(0, Math.min(left, LOOK_EVERY_MS, read.consumer.leasedUntil - now)))
  }
}

type Batch = {
  kind: 'batch'
  consumer: Consumer
  lease: NewLease
  reading: Extract<Reading, { kind: 'leased' }>
}
/** `none`: nothing fits. `taken`: somebody else has it. */
type Nothing = { kind: 'none' | 'taken'; consumer: Consumer; more: boolean }
type Looked = Batch | Nothing

/** Looks for what comes next, and takes the lease of it. */
async function look(input: ReadInput, first: Consumer): Promise<Looked> {
  const { deps, query } = input
  const worker = query.worker ?? null
  let consumer = first
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const now = deps.clock()
    if (!mayLease(consumer, worker, now)) break
    const lease = { id: newId('lse'), worker, until: now + query.lease * 1_000 }
    const terms = { limit: query.limit, now, evenShutOut: isOperator(input) }
    const reading = await leaseNext(deps.env.DB, consumer, lease, terms)
    if (reading.kind === 'leased') return { kind: 'batch', consumer, lease, reading }
    if (reading.kind === 'nothing') return { kind: 'none', consumer, more: reading.more }
    consumer = await find(input)
  }
  return { kind: 'taken', consumer, more: false }
}

/** @throws Problem 404 when the caller has none of that name. */
async function find(input: ReadInput): Promise<Consumer> {
  const { name } = input.params
  const consumer = await findConsumer(input.deps.env.DB, userOf(input).id, name)
  if (!consumer) throw missingConsumer(name)
  return consumer
}

/** Who waited may be blocked by now, or his key revoked. @throws Problem 401. */
async function refuseWhoLeft({ deps, request, inBackground }: ReadInput): Promise<void> {
  const shown = await credentialsOf(deps, request, inBackground)
  const found = shown.kind === 'token' ? await shown.lookUp() : null
  if (found instanceof Problem) throw found
}

function batch({ lease, reading: { events, more }, consumer }: Batch): Answer {
  return answer(events.map(eventJson), {
    sequence: events.at(-1)?.sequence ?? consumer.position,
    lease: lease.id,
    leasedUntil: time(lease.until),
    more,
  })
}

function empty({ consumer, more }: Nothing, now: number): Answer {
  const leasedUntil = isLeased(consumer, now) ? time(consumer.leasedUntil) : null
  return answer([], { sequence: consumer.position, lease: null, leasedUntil, more })
}

/** Joined: the payloads are JSON already. It is of this moment, and to be kept by nobody. */
function answer(events: readonly string[], rest: object): Answer {
  const text = `{"data":[${events.join()}],${JSON.stringify(rest).slice(1)}`
  return { status: 200, text, headers: { 'cache-control': 'no-store' } }
}
