/** @module In which order what is due at one endpoint goes out, and what waits for what. Pure. */
import { type DueDelivery, LINE } from '../db/deliveries.ts'
import { chunks } from './messages.ts'

/** What is sent in one body: mostly one delivery. Not empty. */
export type Shipment = readonly [DueDelivery, ...DueDelivery[]]

/**
 * Deliveries as they go out together, in each body in the order of the events. What failed together falls due together, and comes
 * again by itself: its body has the same events, and so the same id. Where all is sent in order nothing is put beside it anyway.
 * @param size how many fit into one.
 */
export function pack(deliveries: readonly DueDelivery[], size: number, ordering: Ordering): Shipment[] {
  if (size === 1) return deliveries.map((delivery) => [delivery])
  const placed = deliveries.map((delivery, place) => ({ delivery, place }))
  const groups = Map.groupBy(placed, ({ delivery: { dueAt } }) =>
    ordering === 'endpoint' ? 0 : Math.max(dueAt, LINE.replayed),
  )
  return [...groups.values()]
    .flatMap((group) => chunks(group, size))
    .toSorted(([a], [b]) => (a?.place ?? 0) - (b?.place ?? 0))
    .map((part) => part.map(({ delivery }) => delivery).toSorted((a, b) => a.sequence - b.sequence))
    .filter(isShipment)
}

function isShipment(deliveries: DueDelivery[]): deliveries is [DueDelivery, ...DueDelivery[]] {
  return deliveries.length > 0
}

/** Who waits behind one that fails: nobody, those of the same video or thread, or all. */
export type Ordering = 'none' | 'subject' | 'endpoint'

/** Shipments in line. They are begun in the order of the line; some wait until another has succeeded. */
export class Line {
  readonly #ordering: Ordering
  #waiting: Shipment[]
  /** Keys of which a shipment is under way, or has failed. */
  readonly #busy = new Set<string>()
  #underWay = 0
  #changed: (() => void)[] = []

  constructor(shipments: readonly Shipment[], ordering: Ordering) {
    this.#waiting = [...shipments].reverse()
    this.#ordering = ordering
  }

  /** How many have not been begun. */
  get left(): number {
    return this.#waiting.length
  }

  /** The next that may be begun, or null: until something is `done`, or for ever. */
  next(): Shipment | null {
    const at = this.#waiting.findLastIndex((shipment) => !this.#isBlocked(shipment))
    const [shipment] = at < 0 ? [] : this.#waiting.splice(at, 1)
    if (!shipment) return null
    this.#underWay += 1
    for (const key of this.#keysOf(shipment)) this.#busy.add(key)
    return shipment
  }

  /** Puts one back that was taken and not sent. */
  putBack(shipment: Shipment): void {
    this.#waiting.push(shipment)
    this.done(shipment, true)
  }

  /** @param isDelivered what failed keeps its followers waiting. */
  done(shipment: Shipment, isDelivered: boolean): void {
    this.#underWay -= 1
    if (isDelivered) for (const key of this.#keysOf(shipment)) this.#busy.delete(key)
    const changed = this.#changed
    this.#changed = []
    for (const resolve of changed) resolve()
  }

  /** Whether there may be a next one once something under way is done. */
  get mayGoOn(): boolean {
    return this.#underWay > 0 && this.#waiting.length > 0
  }

  /** Settles when something is done. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed.push(resolve)
    })
  }

  #isBlocked(shipment: Shipment): boolean {
    return this.#busy.size > 0 && this.#keysOf(shipment).some((key) => this.#busy.has(key))
  }

  #keysOf(shipment: Shipment): string[] {
    if (this.#ordering === 'none') return []
    if (this.#ordering === 'endpoint') return ['']
    return shipment.flatMap(({ orderKey }) => (orderKey === null ? [] : [orderKey]))
  }
}
