/**
 * @module A subscriber that does to a connection whatever can be done to one: it speaks TCP itself, since a library for servers
 * would not let it. What TLS is needed is spoken on the same port.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { certificate } from './certificate.ts'

/** Between one byte and the next. */
const DRIP_MS = 100
const MEGABYTE = 1024 * 1024
/** 20 MB that become 20 KB on the wire, or less. */
const bomb = () => Buffer.alloc(20 * MEGABYTE, ' ')

/** What is done, and when: as soon as there is a connection, a request's headers, or a whole request. */
type Behaviour = {
  at: 'connect' | 'headers' | 'request'
  /** @param count how many requests have come on this connection, with this one. */
  act: (socket: Socket, count: number) => void
}

/** An answer with everything right. */
const GOOD = answer('200 OK', 'fine')
/** One that can be told from it. */
const STALE = answer('410 Gone', 'the answer to something else')

const atRequest = (act: Behaviour['act']): Behaviour => ({ at: 'request', act })
/** Says this, and keeps the connection. */
const says = (...parts: (string | Uint8Array)[]) => atRequest((socket) => write(socket, ...parts))
/** Says this, and then no more. */
const saysLast = (...parts: (string | Uint8Array)[]) =>
  atRequest((socket) => {
    write(socket, ...parts)
    socket.end()
  })
/** Says this, and once it is on its way tears the connection down (RST). */
const saysAndResets = (text: string) =>
  atRequest((socket) => {
    write(socket, text)
    whenWritten(socket, () => reset(socket))
  })
/** Says this, and then this part again and again. */
const saysOnAndOn = (start: string, part: Uint8Array, everyMs?: number) =>
  atRequest((socket) => {
    write(socket, start)
    if (everyMs === undefined) pour(socket, part)
    else drip(socket, part, everyMs)
  })
/** A compressed answer, made when it is wanted: all tests wait while this module is loaded. */
const packed = (encoding: string, pack: () => Uint8Array, status = '200 OK') =>
  atRequest((socket) => {
    const bytes = pack()
    const headers = { 'content-type': 'text/plain', 'content-encoding': encoding }
    write(socket, head(status, { ...headers, 'content-length': bytes.length }), bytes)
  })
const chunked = (status: string) =>
  head(status, { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' })

const BEHAVIOURS = {
  // Time.
  'no answer': atRequest(() => undefined),
  'slow headers': saysOnAndOn('HTTP/1.1 200 OK\r\nx-slow: ', Buffer.from('a'), DRIP_MS),
  'slow body': saysOnAndOn(chunked('200 OK'), Buffer.from('1\r\na\r\n'), DRIP_MS),
  'slow body of a failure': saysOnAndOn(chunked('500 Oops'), Buffer.from('1\r\na\r\n'), DRIP_MS),
  'no body after its length': says(head('200 OK', { 'content-length': 4 })),
  'endless headers': saysOnAndOn('HTTP/1.1 200 OK\r\n', Buffer.from(`x-more: ${'a'.repeat(1_000)}\r\n`)),
  'endless body': saysOnAndOn(head('200 OK', { 'content-type': 'text/plain' }), Buffer.alloc(64 * 1024, 'a')),
  'endless body of a failure': saysOnAndOn(
    head('500 Oops', { 'content-type': 'text/plain' }),
    Buffer.alloc(64 * 1024, 'a'),
  ),
  'endless 100': saysOnAndOn('', Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')),

  // Ends.
  'reset on accept': { at: 'connect', act: reset },
  'close on accept': { at: 'connect', act: (socket) => socket.end() },
  'reset after the request headers': { at: 'headers', act: reset },
  'reset after the request': atRequest(reset),
  'close after the request': atRequest((socket) => socket.end()),
  'reset in the status line': saysAndResets('HTTP/1.1 2'),
  'close in the status line': saysLast('HTTP/1.1 2'),
  'reset in the headers': saysAndResets('HTTP/1.1 200 OK\r\ncontent-le'),
  'close in the headers': saysLast('HTTP/1.1 200 OK\r\ncontent-le'),
  'reset after the headers': saysAndResets(head('200 OK', { 'content-length': 1_000 })),
  'reset in the body': saysAndResets(`${head('200 OK', { 'content-length': 1_000 })}the beginning`),
  'reset in the body of a failure': saysAndResets(
    `${head('500 Oops', { 'content-length': 1_000 })}the beginning`,
  ),
  'close after the answer': saysLast(GOOD),

  // Lengths.
  'length too long': saysLast(`${head('200 OK', { 'content-length': 1_000 })}the beginning`),
  'length too short': says(`${head('200 OK', { 'content-length': 4 })}fine, and more than it said`),
  'length no number': says(`${head('200 OK', { 'content-length': 'four' })}fine`),
  'length negative': says(`${head('200 OK', { 'content-length': -1 })}fine`),
  'length immense': says(`${head('200 OK', { 'content-length': '99999999999999999999' })}fine`),
  'two lengths': says(`HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nfine!`),
  'length and chunks': says(
    `${head('200 OK', { 'content-length': 4, 'transfer-encoding': 'chunked' })}4\r\nfine\r\n0\r\n\r\n`,
  ),
  'bad chunk size': says(`${chunked('200 OK')}4\r\nfine\r\nxyz\r\nmore\r\n0\r\n\r\n`),
  'negative chunk size': says(`${chunked('200 OK')}-4\r\nfine\r\n0\r\n\r\n`),
  'chunk size too long': saysLast(`${chunked('200 OK')}ffff\r\nfine`),
  'chunk size immense': saysLast(`${chunked('200 OK')}ffffffffffffffffff\r\nfine\r\n0\r\n\r\n`),
  'no last chunk': saysLast(`${chunked('200 OK')}4\r\nfine\r\n`),
  'unknown transfer encoding': saysLast(`${head('200 OK', { 'transfer-encoding': 'rot13' })}svar`),

  // Before the answer, or beside it.
  '100 first': says('HTTP/1.1 100 Continue\r\n\r\n', GOOD),
  '103 first': says('HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n', GOOD),
  '102 and no more': says('HTTP/1.1 102 Processing\r\n\r\n'),
  '101 switches to nothing': says(
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: tea\r\nconnection: upgrade\r\n\r\n',
  ),
  'answer before the request': { at: 'connect', act: (socket) => write(socket, GOOD) },
  'answer before the request body': { at: 'headers', act: (socket) => write(socket, GOOD) },
  'answer without reading': {
    at: 'headers',
    act: (socket) => {
      socket.pause()
      write(socket, GOOD)
    },
  },
  'no reading': { at: 'headers', act: (socket) => socket.pause() },
  'answer and close before the request body': {
    at: 'headers',
    act: (socket) => {
      write(socket, GOOD)
      socket.end()
    },
  },
  'two answers': says(GOOD, STALE),
  'close of an idle connection': atRequest((socket, count) => {
    // As a server whose patience ends while the next request is on its way.
    if (count === 1) write(socket, GOOD)
    else socket.end()
  }),
  'reset of an idle connection': atRequest((socket, count) => {
    if (count === 1) write(socket, GOOD)
    else reset(socket)
  }),

  // What is no HTTP, or hardly.
  'no HTTP': says('220 mail.example ESMTP\r\n'),
  'HTTP/0.9': saysLast('<html>fine</html>'),
  'HTTP/1.0': saysLast('HTTP/1.0 200 OK\r\n\r\nfine'),
  'HTTP/2 unasked': says(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])),
  'HTTP/9.9': says('HTTP/9.9 200 OK\r\ncontent-length: 4\r\n\r\nfine'),
  'lone line feeds': says('HTTP/1.1 200 OK\ncontent-length: 4\n\nfine'),
  'NUL in a header': says('HTTP/1.1 200 OK\r\nx-nul: a\0b\r\ncontent-length: 4\r\n\r\nfine'),
  'binary header': says(
    Buffer.from('HTTP/1.1 200 OK\r\nx-bytes: \xff\xfe\x80\r\ncontent-length: 4\r\n\r\nfine', 'latin1'),
  ),
  'header without a colon': says('HTTP/1.1 200 OK\r\nnonsense\r\ncontent-length: 4\r\n\r\nfine'),
  'space in a header name': says('HTTP/1.1 200 OK\r\nx nonsense: 1\r\ncontent-length: 4\r\n\r\nfine'),
  'folded header': says('HTTP/1.1 200 OK\r\nx-folded: a\r\n b\r\ncontent-length: 4\r\n\r\nfine'),
  'random bytes': says(Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 7_919) % 251))),
  'huge headers': says(head('200 OK', { 'x-huge': 'a'.repeat(96 * 1024), 'content-length': 4 }), 'fine'),
  'many headers': says(`HTTP/1.1 200 OK\r\n${'x-many: a\r\n'.repeat(5_000)}content-length: 4\r\n\r\nfine`),
  'huge status line': says(answer(`200 ${'a'.repeat(96 * 1024)}`, 'fine')),
  'status 999': says(answer('999 Beyond', 'fine')),
  'status 600': says(answer('600 Beyond', 'fine')),
  'status 000': says(answer('000 Nothing', 'fine')),
  'status 20': says(answer('20 Short', 'fine')),
  'status 2000': says(answer('2000 Long', 'fine')),
  'status with letters': says(answer('abc Letters', 'fine')),
  'status without words': says(answer('200', 'fine')),
  '204 with a body': says(answer('204 No Content', 'fine')),
  '205 with a body': says(answer('205 Reset Content', 'fine')),
  '304 with a body': says(answer('304 Not Modified', 'fine')),

  // Compression that nobody asked for.
  gzip: packed('gzip', () => gzipSync('fine')),
  'gzip bomb': packed('gzip', () => gzipSync(bomb())),
  'gzip bomb of a failure': packed('gzip', () => gzipSync(bomb()), '500 Oops'),
  'brotli bomb': packed('br', () => brotliCompressSync(bomb())),
  'deflate bomb': packed('deflate', () => deflateSync(bomb())),
  'gzip twice': packed('gzip, gzip', () => gzipSync(gzipSync('fine'))),
  'gzip cut off': packed('gzip', () => gzipSync('fine, and more than that').subarray(0, 15)),
  'gzip that is none': packed('gzip', () => Buffer.from('fine')),
  'unknown encoding': packed('rot13', () => Buffer.from('svar')),

  // Texts that are none, or not in UTF-8.
  picture: says(
    head('200 OK', { 'content-type': 'image/png', 'content-length': 4 }),
    Buffer.from([0x89, 0x50, 0x4e, 0x47]),
  ),
  latin1: says(
    head('200 OK', { 'content-type': 'text/plain; charset=ISO-8859-1', 'content-length': 4 }),
    Buffer.from('fün!', 'latin1'),
  ),
  'no UTF-8': says(
    head('200 OK', { 'content-type': 'text/plain', 'content-length': 12 }),
    Buffer.from('\0f\xffi\x1b[2Jne\r\n', 'latin1'),
  ),

  // Not now.
  'busy for seconds': says(head('429 Too Many Requests', { 'retry-after': 30, 'content-length': 0 })),
  'busy until 2100': says(
    head('503 Busy', { 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT', 'content-length': 0 }),
  ),

  // Elsewhere.
  'redirect to itself': says(head('307 Temporary Redirect', { location: '/', 'content-length': 0 })),
  'redirect elsewhere': says(
    head('301 Moved', {
      location: 'https://user:secret@elsewhere.example:8443/hook?token=1#a',
      'content-length': 0,
    }),
  ),
  'redirect to no URL': says(head('302 Found', { location: 'http://[', 'content-length': 0 })),
  'redirect to a file': says(head('302 Found', { location: 'file:///etc/passwd', 'content-length': 0 })),
  'redirect without a target': says(head('302 Found', { 'content-length': 0 })),

  // TLS: these are met at an https URL.
  'TLS: self-signed': says(GOOD),
  'TLS: plain HTTP': {
    at: 'connect',
    act: (socket) => socket.once('data', () => socket.end(answer('400 Bad Request', 'TLS?'))),
  },
  'TLS: reset': { at: 'connect', act: (socket) => socket.once('data', () => reset(socket)) },
  'TLS: close': { at: 'connect', act: (socket) => socket.once('data', () => socket.end()) },
  // A fatal alert: handshake_failure (RFC 8446, 6.2).
  'TLS: alert': {
    at: 'connect',
    act: (socket) => socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40]))),
  },
  'TLS: silence': { at: 'connect', act: () => undefined },
} satisfies Record<string, Behaviour>

export type Misbehaviour = keyof typeof BEHAVIOURS

/** A request that came whole. */
type WholeRequest = {
  /** Which connection it came on, from 1. */
  connection: number
  head: string
  body: string
}

/** Starts a receiver on loopback that misbehaves in this way, until it is told to behave. */
export async function startMisbehavingReceiver(kind: Misbehaviour) {
  let behaviour: Behaviour | null = BEHAVIOURS[kind]
  const isTls = kind.startsWith('TLS')
  const open = new Set<Socket>()
  let connections = 0
  const requests: WholeRequest[] = []
  let waiting: { count: number; resolve: () => void }[] = []

  const server = createServer((raw) => {
    connections += 1
    const connection = connections
    open.add(raw)
    raw.on('close', () => {
      open.delete(raw)
      const settled = waiting.filter(({ count }) => open.size <= count)
      waiting = waiting.filter(({ count }) => open.size > count)
      for (const { resolve } of settled) resolve()
    })
    const isSelfSigned = behaviour && kind === 'TLS: self-signed'
    const socket = isSelfSigned ? new TLSSocket(raw, { isServer: true, ...certificate }) : raw
    // A connection that breaks is what this is about.
    for (const one of [raw, socket]) one.on('error', () => raw.destroy())

    if (behaviour?.at === 'connect') {
      behaviour.act(socket, 0)
      if (isTls) return
    }
    let text = ''
    let count = 0
    let isHeadDone = false
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (;;) {
        const headEnd = text.indexOf('\r\n\r\n')
        if (headEnd === -1) return
        if (!isHeadDone && behaviour?.at === 'headers') behaviour.act(socket, count + 1)
        isHeadDone = true
        const requestHead = text.slice(0, headEnd)
        const end = headEnd + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(requestHead)?.[1] ?? 0)
        if (text.length < end) return
        count += 1
        requests.push({
          connection,
          head: requestHead,
          body: text.slice(headEnd + 4, end),
        })
        text = text.slice(end)
        isHeadDone = false
        if (behaviour === null) write(socket, GOOD)
        else if (behaviour.at === 'request') behaviour.act(socket, count)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this kind.
  const { port } = server.address() as AddressInfo

  return {
    /** Where it misbehaves. */
    url: isTls ? `https://localhost:${port}/` : `http://127.0.0.1:${port}/`,
    /** Where it can be met once it behaves. */
    plainUrl: `http://127.0.0.1:${port}/`,
    /** From now on each whole request is answered 200 with "fine". */
    behave() {
      behaviour = null
      for (const socket of open) socket.resume()
    },
    /** On each open connection: gives an answer that nobody asked for. */
    async answerUnasked(): Promise<void> {
      for (const socket of open) write(socket, STALE)
      await Promise.all(Array.from(open, (socket) => new Promise<void>((done) => whenWritten(socket, done))))
    },
    /** Closes each open connection, and waits for nobody. */
    hangUp() {
      for (const socket of open) socket.end()
    },
    requests: () => requests,
    /** How many connections there have been. */
    connections: () => connections,
    /** Settles when no more connections than that are open. @throws after `timeoutMs`. */
    async openAtMost(count: number, timeoutMs = 5_000): Promise<void> {
      if (open.size <= count) return
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${open.size} connections are open`)), timeoutMs)
        waiting.push({
          count,
          resolve: () => {
            clearTimeout(timer)
            resolve()
          },
        })
      })
    },
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
export type MisbehavingReceiver = Awaited<ReturnType<typeof startMisbehavingReceiver>>

function head(status: string, headers: Record<string, string | number>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`
}

function answer(status: string, body: string): string {
  return head(status, { 'content-type': 'text/plain', 'content-length': body.length }) + body
}

/**
 * Writes to somebody who may have gone. @returns whether there is room for more.
 *
 * The write itself is left to Node: of one that fails it looks at the stack, and vitest 5.0.5 dies of a stack that leads through
 * a module of its global setup, which this is.
 */
function write(socket: Socket, ...parts: (string | Uint8Array)[]): boolean {
  if (!socket.writable) return false
  socket.cork()
  const hasRoom = parts.map((part) => socket.write(part)).every(Boolean)
  process.nextTick(socket.uncork.bind(socket))
  return hasRoom
}

/** Calls back once all that was written is on its way, or can't be. */
function whenWritten(socket: Socket, then: () => void): void {
  if (socket.writable) socket.write('', () => then())
  else then()
}

function reset(socket: Socket): void {
  socket.resetAndDestroy()
}

/** One part after another, as a slow machine has them. */
function drip(socket: Socket, part: Uint8Array, everyMs: number): void {
  const timer = setInterval(() => write(socket, part), everyMs)
  socket.on('close', () => clearInterval(timer))
}

/** Writes on and on, as fast as it is read, until the other side has had enough. */
function pour(socket: Socket, part: Uint8Array): void {
  if (!socket.writable) return
  if (write(socket, part)) setImmediate(() => pour(socket, part))
  else socket.once('drain', () => pour(socket, part))
}
