/** @module Connections: the list, one of them, a new one, one whose login has ended. */
import type { PageProps } from '../../pages.ts'
import { ConnectAgain } from './again.tsx'
import { InstanceConnect } from './connect.tsx'
import { ConnectionList } from './list.tsx'
import { OneConnection } from './one.tsx'
import '../../parts/watching.css'

export default function ConnectionsPage({ path, query }: PageProps) {
  const [id, part] = path
  if (id === undefined) return <ConnectionList query={query} />
  if (id === 'new') return <InstanceConnect host={query.get('instance') ?? ''} />
  if (part === 'login') return <ConnectAgain id={id} />
  return <OneConnection id={id} isAdded={query.has('added')} />
}
