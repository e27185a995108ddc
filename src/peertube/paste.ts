/** @module What people paste to name an instance, or something on one: hosts, handles, and the addresses of PeerTube's pages. Pure. */

/** What of an instance was named. `actor`: a channel or an account, the handle doesn't say which. */
export type Named =
  | { kind: 'instance' }
  /** `id`: a UUID, a short UUID or a number, as it was written. */
  | { kind: 'video'; id: string }
  | { kind: 'channel' | 'account' | 'actor'; name: string }

/** `url`: of the instance, without a path. Not yet judged: it may be any host. */
export type Pasted = { kind: 'pasted'; url: URL; named: Named } | { kind: 'wrong'; problem: string }

/** Longer than any address of PeerTube's. */
const MAX_LENGTH = 2_000
/** What a channel or an account may be called on its own instance. */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,118}[A-Za-z0-9_])?$/
const VIDEO_ID = /^[A-Za-z0-9-]{1,60}$/
/** Who stands for the instance as a whole, in its federation. */
const INSTANCE_ACTOR = 'peertube'

/** What comes before and after an address in a text. No square brackets: IPv6 addresses have them. */
const OPENING = /^[\s\p{Cf}<("'`“‘«„]+/u
const CLOSING = /[\s\p{Cf}>)"'`”’»“.,;:!?…]+$/u
/** What `URL` would drop or take for a slash: the address would not be the one that was read. */
const TREACHEROUS = /[\s\\\p{Cc}\p{Cf}]/u

const HANDLE = /^(?:acct:)?([@!]?)([^@!:/?#]+)@([^@/?#]+)\/?$/i
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
const LOOPBACK = /^(?:localhost|[a-z0-9-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i

/** The pages, feeds and routes that name something, and what. A playlist is none of a channel's. */
const PAGES = [
  [/^\/(?:w|videos\/watch|videos\/embed|api\/v1\/videos)\/(?!p\/|playlist\/)([^/]+)/, 'video'],
  [/^\/(?:c|video-channels|api\/v1\/video-channels)\/([^/]+)/, 'channel'],
  [/^\/(?:a|accounts|api\/v1\/accounts)\/([^/]+)/, 'account'],
  [/^\/@([^/]+)/, 'actor'],
] as const
const FEEDS = [
  ['videoChannelName', 'channel'],
  ['accountName', 'account'],
] as const

/**
 * Finds the instance that somebody pasted something of, and what of it: `peertube.example`, the address of a video, an embed,
 * a channel or an account (without its scheme, too), `@name@host`, `name@host`, `acct:name@host`, `!channel@host`; in quotation
 * marks, with spaces around it or a full stop after it. A page of one instance that shows a channel of another names the
 * other. Any other page names the whole instance.
 *
 * @returns what was named, or what is wrong, as a predicate: "must …".
 * @example parsePasted('@news@peertube.example') // {kind: 'pasted', url: https://peertube.example/, named: {kind: 'actor', name: 'news'}}
 */
export function parsePasted(text: string): Pasted {
  if (text.length > MAX_LENGTH) return wrong(`must have at most ${MAX_LENGTH} characters`)
  const sent = text.replace(OPENING, '').replace(CLOSING, '')
  if (sent === '') return wrong('must name an instance, such as peertube.example')
  if (TREACHEROUS.test(sent)) return wrong('must be one address, without spaces and backslashes')

  const [, sign, name = '', host = ''] = HANDLE.exec(sent) ?? []
  if (sign !== undefined) return named(sign === '!' ? 'channel' : 'actor', name, urlOf(host))
  if (/^[@!]/.test(sent)) return wrong('must have the host after the name, as in @name@peertube.example')
  const [scheme, protocol = 'https'] = SCHEME.exec(sent) ?? ['']
  if (!/^https?$/i.test(protocol)) return wrong(`must be http or https`)
  const url = scheme === '' ? urlOf(sent.replace(/^\/\//, '')) : URL.parse(sent)
  return url ? ofPage(url) : wrong('must be the address of an instance, such as peertube.example')
}

/** With the scheme that was left out: on this machine there is no TLS as a rule. */
function urlOf(address: string): URL | null {
  const [host = ''] = address.split(/[/?#]/)
  return URL.parse(`${LOOPBACK.test(host) ? 'http' : 'https'}://${address}`)
}

function ofPage(url: URL): Pasted {
  const path = url.pathname.replace(/;.*$/, '')
  for (const [page, kind] of PAGES) {
    const what = page.exec(path)?.[1]
    // One that is broken can't be a name.
    if (what !== undefined) return named(kind, decoded(what) ?? '', url)
  }
  if (path.startsWith('/feeds/')) {
    for (const [parameter, kind] of FEEDS) {
      const what = url.searchParams.get(parameter)
      if (what) return named(kind, what, url)
    }
  }
  return pasted(url, { kind: 'instance' })
}

/** @param what a name, `name@host` on a page that shows what is of another instance, or a video's id. */
function named(kind: Exclude<Named['kind'], 'instance'>, what: string, url: URL | null): Pasted {
  if (!url) return wrong('must have the host of an instance after the @')
  if (kind === 'video')
    return VIDEO_ID.test(what) ? pasted(url, { kind, id: what }) : wrong('must name a video that can be')
  const [name = '', host, ...more] = what.split('@')
  if (!NAME.test(name) || more.length > 0) return wrong('must name a channel or an account that can be')
  const home = host === undefined || host === url.host ? url : URL.parse(`https://${host}`)
  if (!home || (home !== url && `${home.origin}/` !== home.href))
    return wrong('must have the host of an instance after the @')
  return pasted(home, name.toLowerCase() === INSTANCE_ACTOR ? { kind: 'instance' } : { kind, name })
}

function pasted(url: URL, what: Named): Pasted {
  if (url.username !== '' || url.password !== '') return wrong('must not carry a user or a password')
  // The same host, with the dot of the root or without.
  const origin = URL.parse(url.origin.replace(/\.+(?=:\d+$|$)/, ''))
  if (!origin || /^\.*$/.test(origin.hostname))
    return wrong('must be the address of an instance, such as peertube.example')
  return { kind: 'pasted', url: origin, named: what }
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

function wrong(problem: string): Pasted {
  return { kind: 'wrong', problem }
}
