/** @module Users: the list, one of them, a new one. */
import type { PageProps } from '../../pages.ts'
import { UserList } from './list.tsx'
import { NewUser } from './new.tsx'
import { OneUser } from './one.tsx'
import './style.css'

export default function UsersPage({ path: [first], query }: PageProps) {
  if (first === undefined) return <UserList query={query} />
  return first === 'new' ? <NewUser /> : <OneUser id={first} />
}
