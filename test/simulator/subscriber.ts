/**
 * @module A subscriber of WebSub hubs, as the W3C Recommendation has it (https://www.w3.org/TR/websub/): it discovers, subscribes,
 * confirms, and takes what it is sent when that is what it subscribed to, signed with its secret. It imports nothing of ours.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { XMLParser } from 'fast-xml-parser'

/** The hubs of a topic, and its canonical URL. */
export type Discovered = { hubs: string[]; self: string }

export type Content = { type: string; body: string; headers: IncomingHttpHeaders }

/** Links of a header (RFC 8288), by their relation. */
function linksOf(header: string): Map<string, string[]> {
  const links = Array.from(
    header.matchAll(/<([^>]*)>\s*;\s*rel="?([^";,]+)"?/g),
    ([, url = '', rel = '']) => ({
      url,
      rel,
    }),
  )
  return byRelation(links)
}

function byRelation(links: readonly { rel: string; url: string }[]): Map<string, string[]> {
  const groups = Map.groupBy(links, ({ rel }) => rel)
  return new Map(Array.from(groups, ([rel, group]) => [rel, group.map(({ url }) => url)]))
}

function discovered(links: ReadonlyMap<string, string[]>): Discovered {
  const [self = '', ...others] = links.get('self') ?? []
  if (others.length > 0) throw new Error('more than one link "self"')
  return { hubs: links.get('hub') ?? [], self }
}

/** What headers say, which are looked at first (4, "Discovery"). @throws when they name more than one topic. */
function discoverInHeaders(headers: Headers): Discovered {
  return discovered(linksOf(headers.get('link') ?? ''))
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  isArray: (name) => /link$/.test(name),
})

/** The same of a document, or null, for plain text has none: links of Atom, also within RSS; `hubs` and `feed_url` of JSON Feed. */
export function discoverInDocument(type: string, body: string): Discovered | null {
  if (type.includes('json')) {
    // What JSON Feed 1.1 has of it; what is not there is not found by whoever asks.
    const feed = JSON.parse(body) as { feed_url?: string; hubs?: { type: string; url: string }[] }
    const hubs = (feed.hubs ?? []).filter((hub) => hub.type === 'WebSub').map(({ url }) => url)
    return { hubs, self: feed.feed_url ?? '' }
  }
  if (!type.includes('xml')) return null
  // The same of Atom and RSS.
  const { feed, rss } = parser.parse(body) as { feed?: Element; rss?: { channel: Element } }
  const links = feed?.link ?? rss?.channel['atom:link'] ?? []
  return discovered(byRelation(links.map(({ rel, href }) => ({ rel, url: href }))))
}
type Element = Partial<Record<'link' | 'atom:link', { rel: string; href: string }[]>>

/** Asks for a topic, and what its headers say of where to subscribe. */
export async function discover(url: string): Promise<Discovered & Content> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} is answered ${response.status}`)
  const type = response.headers.get('content-type') ?? ''
  const headers = Object.fromEntries(response.headers)
  return { ...discoverInHeaders(response.headers), type, body: await response.text(), headers }
}

/** Starts a subscriber on loopback, with a callback that nobody can guess. */
export async function startSubscriber() {
  const callback = { path: `/${randomBytes(8).toString('hex')}`, url: '' }
  /** What was asked for, by topic: only that is confirmed. */
  const wanted = new Map<string, 'subscribe' | 'unsubscribe'>()
  const secrets = new Map<string, string>()
  const verifications: URLSearchParams[] = []
  const contents: Content[] = []
  let posts = 0
  let refused = 0
  let changed = Promise.withResolvers<void>()

  const server = createServer((request, response) => {
    const answer = (body: Buffer) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://subscriber')
      const status =
        pathname !== callback.path
          ? 404
          : request.method === 'GET'
            ? verify(searchParams)
            : take(request, body)
      const isConfirmed = request.method === 'GET' && status === 200
      response.writeHead(status, { 'content-type': 'text/plain' })
      response.end(isConfirmed ? (searchParams.get('hub.challenge') ?? '') : '')
      changed.resolve()
      changed = Promise.withResolvers()
    }
    readAll(request).then(answer, () => response.destroy())
  })

  /** 5.3.1: "if … the subscriber … does not agree with the action, the subscriber MUST respond with a 404". */
  function verify(query: URLSearchParams): number {
    verifications.push(query)
    return wanted.get(query.get('hub.topic') ?? '') === query.get('hub.mode') ? 200 : 404
  }

  /** 7.1: "If the signature does not match, subscribers MUST locally ignore the message", and may acknowledge it all the same. */
  function take({ headers }: IncomingMessage, body: Buffer): number {
    posts += 1
    const { self } = discovered(linksOf(String(headers['link'] ?? '')))
    if (wanted.get(self) !== 'subscribe') return 410
    const secret = secrets.get(self)
    if (secret !== undefined && !isSigned(String(headers['x-hub-signature'] ?? ''), secret, body))
      refused += 1
    else contents.push({ type: String(headers['content-type']), body: body.toString(), headers })
    return 202
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  // A server that listens on TCP has an address of this kind.
  callback.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${callback.path}`

  async function until(isSo: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new Error(`${what} did not come within ${timeoutMs} ms`)),
      timeoutMs,
    )
    try {
      while (!isSo()) await Promise.race([changed.promise, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    callback: callback.url,
    /** Asks a hub. @param more further parameters, `hub.secret` among them. @returns its status. */
    async ask(
      mode: 'subscribe' | 'unsubscribe',
      { hubs: [hub = ''], self }: Discovered,
      more: Readonly<Record<string, string>> = {},
    ): Promise<number> {
      wanted.set(self, mode)
      const secret = more['hub.secret']
      if (secret !== undefined) secrets.set(self, secret)
      const body = new URLSearchParams({
        'hub.mode': mode,
        'hub.topic': self,
        'hub.callback': callback.url,
        ...more,
      })
      const response = await fetch(hub, { method: 'POST', body, redirect: 'manual' })
      await response.body?.cancel()
      return response.status
    },
    verifications: () => verifications,
    /** What was taken, how many were not, for their signature, and how many came in all. */
    contents: () => contents,
    refused: () => refused,
    posts: () => posts,
    /** Settles when so many requests of a kind were answered. @throws when they do not come. */
    verified: (count: number) => until(() => verifications.length >= count, `${count} verifications`),
    received: (count: number) => until(() => contents.length >= count, `${count} contents`),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
export type Subscriber = Awaited<ReturnType<typeof startSubscriber>>

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** "The signature … MUST be of the form method=signature", of one of the four methods that are recognised. */
function isSigned(header: string, secret: string, body: Buffer): boolean {
  const [, method = '', signature = ''] = /^(sha1|sha256|sha384|sha512)=([0-9a-f]+)$/.exec(header) ?? []
  if (method === '') return false
  const wanted = createHmac(method, secret).update(body).digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
