/** @module The recorded exchanges of a real PeerTube 6.3.0: what the simulator's answers are made of. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One exchange, as it was recorded: the host rewritten to `peertube.example`. */
export type Recording = {
  name: string
  request: { method: string; path: string; headers: Record<string, string>; body?: unknown }
  response: { status: number; headers: Record<string, string>; body: unknown }
}

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'recordings')

/** All recordings, in the order of their names. */
export const RECORDINGS: readonly Recording[] = readdirSync(FOLDER)
  .sort()
  .map((file) => ({
    name: file.replace('.json', ''),
    // The files are data of ours, in this shape: conformance.test.ts replays each.
    ...(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Omit<Recording, 'name'>),
  }))

/** A recording by name. @throws when there is none. */
export function recording(name: string): Recording {
  const found = RECORDINGS.find((candidate) => candidate.name === name)
  if (!found) throw new Error(`no recording "${name}"`)
  return found
}

/** Whose token a recorded request carried. Tokens are of a thrown-away server; the simulator has its own: `tokenOf`. */
export function callerOf({ name, request }: Recording): Caller {
  if (!request.headers['authorization']) return 'anonymous'
  if (/bad_token|old_token/.test(name)) return 'invalid'
  if (/admin|notifications_root|upload/.test(name)) return 'root'
  if (/bob|subscription|scoped/.test(name)) return 'bob'
  return /carol/.test(name) ? 'carol' : 'alice'
}

export type Caller = 'anonymous' | 'invalid' | User

/** Who has an account. */
export const USERS = ['root', 'alice', 'bob', 'carol'] as const
export type User = (typeof USERS)[number]

/** The access token of the session that a user has from the beginning, for ever. */
export function tokenOf(user: User): string {
  return `token-of-${user}`
}
