/** @module Who is signed in. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Failure } from './api.ts'
import { type Ability, can, type Role } from './can.ts'

/** The account that the operator's key acts as: it can't be deleted, and is not shown how. */
export const FIRST_ADMINISTRATOR = 'usr_administrator'

export type User = { id: string; username: string; role: Role }

/**
 * Why there is no session any more: the user signed in elsewhere; it is over for another reason; a new password ended it; the
 * account is gone. Null: its user ended it, or there was none.
 */
export type Ended = 'superseded' | 'over' | 'new-password' | 'deleted' | null

export type Session = {
  user: User
  /** @returns why it failed: the session goes on then. Null: it is over. */
  signOut: () => Promise<Failure | null>
  /**
   * Asks who is signed in: it may be somebody else by now, for all tabs have one cookie. He is shown what is his then, and where it is
   * nobody the sign-in page. @returns whether it is the same user, or can't be known now.
   */
  check: () => Promise<boolean>
  /** What was just done has ended the session: on to the sign-in page, which says why. */
  leave: (ended: Ended) => void
}

export const SessionContext = createContext<Session | null>(null)

/** The session. Pages are shown within one only. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('this is shown without a session')
  return session
}

/** Whether the reader's role may do something. */
export function useCan(): (ability: Ability) => boolean {
  const { role } = useSession().user
  return (ability) => can(role, ability)
}
