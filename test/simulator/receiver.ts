/** @module A subscriber: takes webhooks, verifies their signatures with a library that is not ours, misbehaves on request. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

export type ReceivedRequest = {
  method: string
  path: string
  headers: Record<string, string>
  body: string
  /** Milliseconds since the epoch. */
  at: number
  /** Whether the signature was good; null when no secret was set. */
  verified: boolean | null
}

/** What to answer. */
export type ReceiverAnswer = {
  status?: number
  headers?: Record<string, string>
  kind?: 'answer' | 'hang' | 'close'
  body?: string
  /** How many requests; for ever by default. */
  times?: number
}

/** What gives a challenge back; empty when there is none. */
function challengeIn(body: string): string {
  if (!body.startsWith('{"type":"endpoint.verification"')) return ''
  const { data }: { data: { challenge: string } } = JSON.parse(body)
  return JSON.stringify({ challenge: data.challenge })
}

/** Starts a receiver on loopback. It answers 200 until it is told otherwise, and gives a challenge back. */
export async function startReceiver(options: { port?: number } = {}) {
  const server = createServer({ keepAlive: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  // A server that listens on TCP has an address of this kind.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  let webhook: Webhook | null = null
  let answers: ReceiverAnswer[] = []
  let received: ReceivedRequest[] = []
  let isKeeping = true
  let count = 0
  let waiting: { count: number; resolve: () => void }[] = []
  let hanging: ServerResponse[] = []

  function verify(body: string, headers: Record<string, string>): boolean | null {
    if (!webhook) return null
    try {
      webhook.verify(body, headers)
      return true
    } catch {
      return false
    }
  }

  server.on('request', (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      count += 1
      const body = isKeeping ? Buffer.concat(chunks).toString() : ''
      if (isKeeping) {
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        )
        const verified = verify(body, headers)
        received.push({
          method: request.method ?? '',
          path: request.url ?? '',
          headers,
          body,
          at: Date.now(),
          verified,
        })
      }
      const answer = answers.find(({ times }) => times === undefined || times > 0)
      if (answer?.times !== undefined) answer.times -= 1
      if (answer?.kind === 'hang') hanging.push(response)
      else if (answer?.kind === 'close') response.destroy()
      else {
        const text = answer?.body ?? (answer ? '' : challengeIn(body))
        // As the frameworks of receivers do.
        const length = { 'content-length': Buffer.byteLength(text) }
        response.writeHead(answer?.status ?? 200, { ...length, ...answer?.headers }).end(text)
      }
      const ready = waiting.filter((one) => one.count <= count)
      waiting = waiting.filter((one) => one.count > count)
      for (const { resolve } of ready) resolve()
    })
  })

  return {
    url,
    /** From now on signatures are verified. @param secret `whsec_…` */
    setSecret(secret: string) {
      webhook = new Webhook(secret)
    },
    /** What to answer from now on: the first answer that has `times` left. */
    answer(...next: ReceiverAnswer[]) {
      answers = next.map((one) => ({ ...one }))
    },
    requests: () => received,
    count: () => count,
    /** The requests, as soon as there are so many. @throws after `timeoutMs`. */
    async waitFor(wanted: number, timeoutMs = 10_000): Promise<ReceivedRequest[]> {
      if (count < wanted) {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(
            () => reject(new Error(`only ${count} of ${wanted} webhooks came within ${timeoutMs} ms`)),
            timeoutMs,
          )
          waiting.push({
            count: wanted,
            resolve: () => {
              clearTimeout(timer)
              resolve()
            },
          })
        })
      }
      return received
    },
    /** Answers the requests that hang. */
    release() {
      for (const response of hanging) response.writeHead(200).end()
      hanging = []
    },
    clear() {
      received = []
      count = 0
    },
    /** Whether requests are kept and verified, or only counted (for figures). */
    keep(value: boolean) {
      isKeeping = value
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>
