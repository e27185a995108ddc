/** @module What is looked after every few seconds at an object where people listen: who still may, who still does. */
import { type Credential, stillHeld } from '../db/stream-rights.ts'
import { describeError, type Log } from './log.ts'
import type { StreamClient } from './stream-client.ts'
import type { Ending } from './stream-frames.ts'

/** What a key needs to listen: as `getStream` in src/api/rights.ts. */
const SCOPE = 'events:read'

export type UpkeepDeps = {
  db: D1Database
  log: Log
  clock: () => number
  /** The digest of the operator's key, as it is configured now. */
  operatorDigest: () => Promise<string>
}

const CLOSED: Ending = {
  kind: 'closed',
  reason: 'What the stream was opened with does not hold any more: the session, the key or the account',
}
const DROPPED: Ending = {
  kind: 'dropped',
  reason: 'Too much was waiting to be taken: come again, and go on after this id',
}

/**
 * Ends the streams of those who may not listen any more. One statement.
 * @param end ends one. It is called for nobody when the database can't be asked: the next look comes in seconds.
 */
export async function closeRevoked(
  { db, log, clock, operatorDigest }: UpkeepDeps,
  clients: Iterable<StreamClient>,
  end: (client: StreamClient, ending: Ending) => void,
): Promise<void> {
  const byCredential = Map.groupBy(clients, ({ credential }) => JSON.stringify(credential))
  const asked = [...byCredential.values()].flatMap(([first]) => (first ? [first.credential] : []))
  if (asked.length === 0) return
  try {
    const held = await stillHeld<Credential>(
      db,
      asked.filter(({ kind }) => kind !== 'operator'),
      SCOPE,
      clock(),
    )
    const operator = await operatorDigest()
    for (const credential of asked) {
      if (held.has(credential) || (credential.kind === 'operator' && credential.digest === operator)) continue
      for (const client of byCredential.get(JSON.stringify(credential)) ?? []) end(client, CLOSED)
    }
  } catch (error) {
    log({ log: 'error', where: 'looking whether streams may go on', error: describeError(error) })
  }
}

/** Drops those who take nothing, and breaks the silence of the others. @param end ends one. */
export function lookAfter(
  clients: Iterable<StreamClient>,
  now: number,
  end: (client: StreamClient, ending: Ending) => void,
): void {
  for (const client of [...clients]) {
    client.isResting = false
    if (client.outlet.isStalled(now)) end(client, DROPPED)
    else client.outlet.keepAlive(now)
  }
}
