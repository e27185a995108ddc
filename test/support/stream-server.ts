/** @module A service as its followers meet it: the newest events, and a stream that breaks off, repeats, lies and dies on request. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { exampleEvent } from '../../src/api/event-view.ts'
import { type Ending, endingBytes } from '../../src/workers/stream-frames.ts'
import { freePort } from './cli.ts'

/** The one key that is let in. */
export const STREAM_KEY = 'tw_the-key-of-the-follower'

type Asked = { method: string; path: string; query: Record<string, string>; body: string }
type Refusal = { status: number; headers?: Record<string, string>; body?: string }

/** The event of a sequence. */
export function streamed(sequence: number) {
  return { ...exampleEvent, id: `evt_${sequence}`, sequence }
}

/** A frame of Server-Sent Events. */
export function frameOf(sequence: number): string {
  const event = streamed(sequence)
  return `id: ${sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

/** Starts the service on loopback, with so many events. */
export async function startStreamServer(events = 0) {
  let last = events
  const asked: Asked[] = []
  let refusals: Refusal[] = []
  /** Events that a connection gives before it is broken off; null: all. */
  let most: number | null = null
  let server: Server
  const port = await freePort()
  const clients = new Set<ServerResponse>()
  let changed: () => void = () => undefined

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const url = new URL(request.url ?? '', 'http://localhost')
    asked.push({
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body,
    })
    changed()
    const refusal = refusals.shift()
    if (refusal) {
      const headers = { 'content-type': 'application/problem+json', ...refusal.headers }
      response.writeHead(refusal.status, headers).end(refusal.body ?? '{"detail":"not today"}')
    } else if (request.headers.authorization !== `Bearer ${STREAM_KEY}`) {
      const headers = { 'content-type': 'application/problem+json' }
      response.writeHead(401, headers).end('{"detail":"Token is invalid"}')
    } else if (url.pathname === '/api/v1/subscriptions/preview') {
      const data = Array.from({ length: Math.min(last, 100) }, (_, index) => streamed(last - index))
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      response.end(JSON.stringify({ scanned: last, matched: last, types: [], data }))
    } else if (url.pathname === '/api/v1/stream') stream(response, Number(url.searchParams.get('after')))
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('no')
  }

  function stream(response: ServerResponse, after: number): void {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.write(': hello\nretry: 100\n\n')
    const until = most === null ? last : Math.min(last, after + most)
    for (let sequence = after + 1; sequence <= until; sequence += 1) response.write(frameOf(sequence))
    if (most !== null) response.end()
    else {
      clients.add(response)
      response.on('close', () => clients.delete(response))
    }
    changed()
  }

  async function listen(): Promise<void> {
    server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy())
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
  }

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }

  await listen()
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    /** So many more events happen. */
    publish(count: number) {
      for (let index = 0; index < count; index += 1) {
        last += 1
        for (const client of clients) client.write(frameOf(last))
      }
    },
    /** So many more happen that nobody who is connected is told of: his connection is as good as lost. */
    publishUntold(count: number) {
      last += count
    },
    /** What those who are connected are sent besides. */
    say(text: string) {
      for (const client of clients) client.write(text)
    },
    /** Ends the streams of those who are connected, as the service does it. @param position after which to go on. */
    end(ending: Ending, position: number) {
      for (const client of [...clients]) {
        clients.delete(client)
        client.end(endingBytes(ending, position))
      }
    },
    /** Breaks all connections off: in good order, or in the middle. */
    drop(how: 'end' | 'destroy') {
      for (const client of [...clients]) {
        clients.delete(client)
        client[how]()
      }
    },
    /** From now on each connection ends after so many events; null: none does. */
    endAfter(count: number | null) {
      most = count
    },
    /** What the next requests are answered, one after the other. */
    refuse(...next: Refusal[]) {
      refusals = next
    },
    /** Settles when a request of a path has come so often. */
    async asksFor(path: string, count: number): Promise<void> {
      while (asked.filter((one) => one.path === path).length < count)
        await new Promise<void>((resolve) => {
          changed = resolve
        })
    },
    /** Is gone, and nothing listens. */
    close,
    /** Is there again, at the same place. */
    listen,
  }
}

export type StreamServer = Awaited<ReturnType<typeof startStreamServer>>
