/** @module Who is there: accounts, channels, and where they are found by their handles. */
import { ACCOUNTS, CHANNELS, ownName } from './people.ts'
import { type Answer, from, notFound, withBody } from './recorded-answers.ts'
import { USERS } from './recordings.ts'
import type { Asked, State } from './state.ts'

/** An account, a channel, or what webfinger says of one; null: none is asked for. */
export function peopleAnswer({ url }: Asked, { self }: State): Answer | null {
  const [, kind, handle] = /^\/api\/v1\/(video-channels|accounts)\/([^/]+)$/.exec(url.pathname) ?? []
  if (kind && handle) {
    const name = ownName(handle, kind, self.origin)
    if (!name) return notFound(kind === 'accounts' ? 'Account not found' : 'Video channel not found')
    if (kind === 'video-channels') return { ...from('get_channel'), body: CHANNELS[name] }
    return { ...from('get_account'), body: ACCOUNTS[USERS.find((user) => user === name) ?? 'alice'] }
  }
  if (url.pathname !== '/.well-known/webfinger') return null
  const resource = url.searchParams.get('resource') ?? ''
  const href = urlOf(resource, self.origin)
  if (!href) return notFound('Actor not found')
  const { links } = from('get_webfinger').body as { links: object[] }
  const [own, ...others] = links
  return withBody('get_webfinger', {
    subject: resource,
    aliases: [href],
    links: [{ ...own, href }, ...others],
  })
}

function urlOf(resource: string, origin: string): string | null {
  const handle = /^acct:([^@]+@.+)$/.exec(resource)?.[1]
  if (!handle) return null
  if (handle === `peertube@${new URL(origin).host}`) return `${origin}/accounts/peertube`
  for (const kind of ['accounts', 'video-channels']) {
    const name = ownName(handle, kind, origin)
    if (name) return `${origin}/${kind}/${name}`
  }
  return null
}
