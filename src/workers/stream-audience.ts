/**
 * @module All who listen at one object, each at his own place in the event log. Those who are near its end read it together, once for
 * all; who is farther back reads for himself until he is near. That is all that there is to "live": nobody is moved from one
 * way of being served to another, so nothing can get lost or come twice in between (docs/decisions/018).
 */
import { matchingEvents } from '../db/matching-events.ts'
import { eventsAfter, newestSequence, type OwnedEvent } from '../db/stream-events.ts'
import { type Facets, facetsOf } from '../events/facets.ts'
import { describeError, type Log } from './log.ts'
import type { StreamClient } from './stream-client.ts'
import { Frame } from './stream-frames.ts'
import { BUDGET } from './stream-outlet.ts'

/** How much is read. */
export type Sizes = {
  /** Who lacks no more than so many events reads with the others. */
  near: number
  /** What is read at once for all who are near. */
  nearPage: { rows: number; bytes: number }
  /** What is read at once for one who is far. */
  farPage: { events: number; scan: { rows: number; bytes: number } }
  /** What may wait to be taken by all of them together, bytes, before each is held to his share. */
  budget: number
}
const SIZES: Sizes = {
  near: 1_000,
  nearPage: { rows: 500, bytes: 1_000_000 },
  farPage: { events: 100, scan: { rows: 500, bytes: 1_000_000 } },
  budget: BUDGET,
}
/** Events times clients that one turn gives out, before something else may happen. */
const MOST_A_TURN = 50_000
/** How many of those who are far are read for in one turn. */
const FAR_A_TURN = 8

export type AudienceDeps = {
  db: D1Database
  log: Log
  /** Who was sent the end and may not have taken it: what waits for them is held, too. */
  leaving?: () => Iterable<StreamClient>
}

export class Audience {
  readonly #deps: AudienceDeps
  readonly #sizes: Sizes
  readonly #clients = new Set<StreamClient>()
  /** The newest event that is known of: of the database, or read. Null when nobody has looked for a while. */
  #newest: number | null = null
  #turns = 0
  #isWoken = false
  #running: Promise<void> | null = null

  constructor(deps: AudienceDeps, sizes: Sizes = SIZES) {
    this.#deps = deps
    this.#sizes = sizes
  }

  get clients(): ReadonlySet<StreamClient> {
    return this.#clients
  }

  /** Takes in somebody, who is sent what he lacks. */
  add(client: StreamClient): void {
    if (this.#clients.size === 0) this.#newest = null
    this.#clients.add(client)
    this.wake()
  }

  remove(client: StreamClient): void {
    client.isGone = true
    this.#clients.delete(client)
  }

  /** Looks for what is new, and sends it; in the background. What comes while it looks is looked for again. */
  wake(): void {
    this.#isWoken = true
    this.#running ??= this.#run().finally(() => {
      this.#running = null
      // Somebody came after the last look, and before this was over.
      if (this.#isWoken) this.wake()
    })
  }

  /** Settles when there is nothing more to be sent to anybody who has room. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isWoken) {
      this.#isWoken = false
      try {
        while (await this.#turn()) this.#turns += 1
      } catch (error) {
        // Nothing is lost: the next look goes on from where each of them is.
        this.#deps.log({ log: 'error', where: 'reading for streams', error: describeError(error) })
      }
    }
  }

  /** @returns whether there is more to do. */
  async #turn(): Promise<boolean> {
    this.#share()
    const ready = [...this.#clients].filter((client) => client.isReady)
    if (ready.length === 0) return false
    this.#newest ??= await newestSequence(this.#deps.db)
    const edge = this.#newest - this.#sizes.near
    const near = ready.filter(({ position }) => position >= edge)
    const far = ready.filter(({ position }) => position < edge)
    const [isEnd] = await Promise.all([this.#serveNear(near), this.#serveFar(far, this.#newest)])
    return !isEnd || far.length > 0
  }

  /** While too much waits in all, nobody has more of it than his part: who takes what he is sent is not held up by the others. */
  #share(): void {
    const all = [...this.#clients, ...(this.#deps.leaving?.() ?? [])]
    const waiting = all.reduce((sum, { outlet }) => sum + outlet.waiting(), 0)
    const { budget } = this.#sizes
    const share = waiting < budget ? Number.POSITIVE_INFINITY : budget / all.length
    for (const { outlet } of this.#clients) outlet.narrow(share)
  }

  /** @returns whether they have all that there is. */
  async #serveNear(clients: readonly StreamClient[]): Promise<boolean> {
    if (clients.length === 0) return true
    const after = clients.reduce((least, { position }) => Math.min(least, position), Number.MAX_SAFE_INTEGER)
    const rows = Math.max(1, Math.min(this.#sizes.nearPage.rows, Math.floor(MOST_A_TURN / clients.length)))
    const page = await eventsAfter(this.#deps.db, after, { ...this.#sizes.nearPage, rows })
    const listening = new Set(clients)
    for (const event of page.events) give(event, listening)
    // Only what was read is known to be there: a client may say that it is anywhere.
    const last = page.events.at(-1)?.sequence ?? 0
    // But for those whose buffer was full before the end: these go on from the last that they were given.
    for (const client of listening) client.moveOn(last)
    this.#newest = Math.max(this.#newest ?? 0, last)
    return page.isEnd
  }

  /** A page each, for those who have waited longest. @param newest all up to it is stored. */
  async #serveFar(clients: readonly StreamClient[], newest: number): Promise<void> {
    const next = clients.toSorted((a, b) => a.servedIn - b.servedIn).slice(0, FAR_A_TURN)
    await Promise.all(
      next.map(async (client) => {
        client.servedIn = this.#turns + 1
        try {
          await this.#readFor(client, newest)
        } catch (error) {
          client.isResting = true
          this.#deps.log({ log: 'error', where: 'reading for a stream', error: describeError(error) })
        }
      }),
    )
  }

  async #readFor(client: StreamClient, newest: number): Promise<void> {
    const { viewerId, filter, position } = client
    const asked = { viewerId, filter, after: position }
    const { events, scan } = this.#sizes.farPage
    const page = await matchingEvents(this.#deps.db, asked, events, scan)
    for (const event of page.events) {
      if (!client.isReady) return
      client.outlet.send(new Frame(event))
      client.moveOn(event.sequence)
    }
    client.moveOn(page.isEnd ? Math.max(page.position, newest) : page.position)
  }
}

/** Gives an event to those who may see it and want it. @param listening those without room are taken out of it. */
function give(event: OwnedEvent, listening: Set<StreamClient>): void {
  const frame = new Frame(event)
  const wanted = new Map<string, boolean>()
  let facets: Facets | undefined
  for (const client of listening) {
    if (event.sequence <= client.position) continue
    if (event.ownerId !== null && event.ownerId !== client.viewerId) continue
    let isWanted = wanted.get(client.wish)
    if (isWanted === undefined) {
      // Of an event that nobody here may see nothing is read.
      facets ??= facetsOf({ ...event, data: JSON.parse(event.data) as unknown })
      isWanted = client.fits(facets)
      wanted.set(client.wish, isWanted)
    }
    if (!isWanted) continue
    if (!client.isReady) {
      listening.delete(client)
      continue
    }
    client.outlet.send(frame)
    client.moveOn(event.sequence)
  }
}
