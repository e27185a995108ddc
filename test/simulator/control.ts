/** @module Instances, receivers and mail servers for tests that run inside workerd, where no server can listen: made and scripted over HTTP. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type InstanceOptions, startInstance } from './instance.ts'
import { type MailServerOptions, startMailServer } from './mail-server.ts'
import { type Misbehaviour, startMisbehavingReceiver } from './misbehaving-receiver.ts'
import { startReceiver } from './receiver.ts'

/** A call: on a server that was made, or to make one. */
type Call = { target?: string; method: string; args: unknown[] }

/** The client's types say which options go with which kind. */
function start(kind: string, options: unknown) {
  if (kind === 'instance') return startInstance(options as InstanceOptions)
  if (kind === 'mailServer') return startMailServer(options as MailServerOptions)
  return kind === 'misbehaving' ? startMisbehavingReceiver(options as Misbehaviour) : startReceiver()
}

/** Starts the control server. @returns where to send calls: see client.ts. */
export async function startControl(): Promise<{ url: string; close: () => Promise<void> }> {
  const made = new Map<string, Record<string, unknown> & { close: () => Promise<void> }>()
  let next = 1

  async function handle({ target, method, args }: Call): Promise<unknown> {
    if (target === undefined) {
      const id = `${method}:${next++}`
      const server = await start(method, args[0])
      made.set(id, server)
      const plain = Object.entries(server).filter(([, value]) => typeof value === 'string')
      return { target: id, ...Object.fromEntries(plain) }
    }
    const call = made.get(target)?.[method]
    if (typeof call !== 'function') throw new Error(`${target} has no method ${method}`)
    return call(...args)
  }

  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      // Calls come from client.ts only.
      Promise.resolve(JSON.parse(body) as Call)
        .then(handle)
        .then(
          (result) => response.end(JSON.stringify({ result })),
          (error: unknown) => response.writeHead(500).end(JSON.stringify({ error: String(error) })),
        )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    // A server that listens on TCP has an address of this kind.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await Promise.all(Array.from(made.values(), (one) => one.close()))
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
