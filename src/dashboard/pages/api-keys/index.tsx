/** @module API keys: the list, one that is made or changed. */
import type { PageProps } from '../../pages.ts'
import { ChangeKey } from './change.tsx'
import { KeyList } from './list.tsx'
import { NewKey } from './new.tsx'
import './style.css'

export default function ApiKeysPage({ path: [first], query }: PageProps) {
  if (first === undefined) return <KeyList owner={query.get('owner')} />
  return first === 'new' ? <NewKey /> : <ChangeKey id={first} />
}
