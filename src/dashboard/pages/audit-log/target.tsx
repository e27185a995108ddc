/** @module On what something was done: a link where there is a page of it. */
import { linkTo } from '../../address.ts'

/** The pages of things, by what their ids begin with. */
const PAGES: Readonly<Record<string, string>> = {
  usr: 'users',
  ins: 'instances',
  ep: 'endpoints',
  feed: 'feeds',
  con: 'connections',
}

export function Target({ id }: { id: string }) {
  const page = PAGES[id.split('_', 1)[0] ?? '']
  const shown = <code>{id}</code>
  return page === undefined ? shown : <a href={linkTo([page, id])}>{shown}</a>
}
