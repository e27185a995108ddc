/** @module Feeds: all of them, a new one, one of them, and changing it. */
import type { PageProps } from '../../pages.ts'
import { EditFeed } from './edit.tsx'
import { FeedList } from './list.tsx'
import { NewFeed } from './new.tsx'
import { OneFeed } from './one.tsx'
import './style.css'

export default function FeedsPage({ path, query }: PageProps) {
  const [id, view] = path
  if (id === undefined) return <FeedList isAllWanted={query.get('owner') === 'all'} />
  if (id === 'new') return <NewFeed />
  return view === 'edit' ? <EditFeed id={id} /> : <OneFeed id={id} />
}
