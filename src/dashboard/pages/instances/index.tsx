/** @module Instances: the list, one of them, a new one, more of one. */
import type { PageProps } from '../../pages.ts'
import { AddInstance } from './add.tsx'
import { AddSource } from './add-source.tsx'
import { InstanceList } from './list.tsx'
import { OneInstance } from './one.tsx'
import '../../parts/watching.css'
import './style.css'

export default function InstancesPage({ path, query }: PageProps) {
  const [id, part] = path
  if (id === undefined) return <InstanceList query={query} />
  if (id === 'new') return <AddInstance pasted={query.get('url') ?? ''} />
  if (part === 'sources') return <AddSource id={id} />
  return <OneInstance id={id} isAdded={query.has('added')} />
}
