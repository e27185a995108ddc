/** @module Consumers: all of them, a new one, one of them, and changing what it asks for. */
import type { PageProps } from '../../pages.ts'
import { EditConsumer } from './edit.tsx'
import { ConsumerList } from './list.tsx'
import { NewConsumer } from './new.tsx'
import { OneConsumer } from './one.tsx'

export default function ConsumersPage({ path }: PageProps) {
  const [name, view] = path
  if (name === undefined) return <ConsumerList />
  // A consumer may be called "new", too: see `consumerPath`.
  if (name === 'new' && view === undefined) return <NewConsumer />
  return view === 'edit' ? <EditConsumer name={name} /> : <OneConsumer name={name} />
}
