/** @module What `npm run listen` and `npm run tail` have in common: they follow, and end at once when somebody ends them. */
import { join } from 'node:path'
import type { PublicEvent } from '../events/envelope.ts'
import { type FollowDeps, follow, SILENT_MS } from './follow.ts'
import { Mistake } from './mistake.ts'
import { newest } from './newest.ts'
import { pause } from './patient-fetch.ts'
import { findService, type ServiceKey } from './service-here.ts'
import type { Where } from './where.ts'
import { ROOT } from './worker.ts'

/** The service that a command line means. */
export function serviceOf(where: Where): Promise<ServiceKey> {
  return findService(where, join(ROOT, '.dev.vars'))
}

/** The world as it is. @param say tells a person what holds it up. */
export function followDeps(say: (line: string) => void): FollowDeps {
  return { fetch, clock: Date.now, wait: pause, say, silentMs: SILENT_MS }
}

/** Takes the newest events that fit, as many as are asked for, and all that come from then on. Never ends by itself. */
export async function takeAll(
  service: ServiceKey,
  { filter: query, replay }: { filter: URLSearchParams; replay: number },
  deps: FollowDeps,
  take: (event: PublicEvent) => Promise<void> | void,
): Promise<never> {
  const { events, after } = await newest(service, { query, replay }, deps)
  for (const event of events) await take(event)
  for await (const event of follow(service, { query, after }, deps)) await take(event)
  throw new Error('a stream of events has ended')
}

/** Runs a program until it is ended: 0 by Ctrl-C and the like, or when nobody reads on; 2 for a mistake. */
export function runUntilEnded(main: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(0))
  // As `| head` does.
  process.stdout.on('error', () => process.exit(0))
  main().catch((error: unknown) => {
    process.stderr.write(`tubewire: ${error instanceof Error ? error.message : error}\n`)
    process.exit(error instanceof Mistake ? 2 : 1)
  })
}
