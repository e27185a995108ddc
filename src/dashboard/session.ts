/** @module Who is signed in. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { type Ability, can, type Role } from './can.ts'

export type User = { id: string; username: string; role: Role }

export type Session = {
  user: User
  signOut: () => void
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
