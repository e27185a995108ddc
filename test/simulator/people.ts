/** @module Who is on the instance: its accounts and their channels, as recorded. */
import { type Caller, recording, type User } from './recordings.ts'

/** A recorded account or channel. What is not named here is as recorded. */
export type Actor = { id: number; name: string; displayName: string; url: string; [field: string]: unknown }

type Tree = { comment: { account: Actor }; children: Tree[] }

const TREE = recording('get_comment_thread_tree').response.body as Tree
const ALICE = recording('get_account').response.body as Actor
const BOB = TREE.comment.account
const ALICE_CHANNEL = recording('get_channel').response.body as Actor

/** The account of each user. */
export const ACCOUNTS: Record<User, Actor> = {
  root: called(BOB, 'bob', 'root', { id: 2, userId: 1 }),
  alice: ALICE,
  bob: BOB,
  carol: TREE.children[0]?.comment.account ?? BOB,
}

/** By name. */
export const CHANNELS: Record<string, Actor> = {
  alice_channel: ALICE_CHANNEL,
  bob_channel: {
    ...called(ALICE_CHANNEL, 'alice', 'bob', { id: 3, followersCount: 0 }),
    ownerAccount: BOB,
  },
}

/** Accounts that have a page. */
const PAGES: readonly string[] = ['alice', 'bob']

/** The name in a handle, `name` or `name@host`, if it is one of this instance. */
export function ownName(handle: string, kind: string, origin: string): string | null {
  const [name = '', host] = decodeURIComponent(handle).split('@')
  if (host !== undefined && host !== new URL(origin).host) return null
  const isOwn = kind === 'accounts' ? PAGES.includes(name) : Object.hasOwn(CHANNELS, name)
  return isOwn ? name : null
}

/** Whether a caller may see what waits for a moderator, or is private, on what an account owns. */
export function mayModerate(caller: Caller, owner: string): boolean {
  return caller === 'root' || caller === owner
}

function called(actor: Actor, from: string, to: string, change: object): Actor {
  return { ...JSON.parse(JSON.stringify(actor).replaceAll(from, to)), ...change }
}
