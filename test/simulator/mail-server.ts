/** @module A mail server: a real one, behind a door that listens to what is said in clear text and misbehaves on request. */

import type { AddressInfo, Server } from 'node:net'
import { createServer, type Socket, connect as tcpConnect } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { certificate } from './certificate.ts'

export type MailServerOptions = {
  /** Who may send, after logging in; without: everybody. */
  login?: { username: string; password: string }
  /** How one can log in. */
  methods?: ('PLAIN' | 'LOGIN' | 'XOAUTH2')[]
  /** `none` by default: not even offered. */
  tls?: 'none' | 'starttls' | 'implicit'
  /** Behaves as a server that checks and sends on: `user@reject.example` gets this reply. */
  rejects?: string
}

export type ReceivedMail = {
  from: string
  to: string[]
  /** Who had logged in. */
  username: string | null
  isSecure: boolean
  /** As it was sent, but for the dots that were doubled. */
  raw: string
}

/** When something happens: before the greeting, at a command, or when a whole message has come. */
export type MailStage =
  | 'CONNECT'
  | 'EHLO'
  | 'STARTTLS'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'MESSAGE'
  | 'QUIT'

/** What is done instead of passing on. Of `reply`: the words, lines separated by CRLF. */
export type MailFault = {
  at: MailStage
  kind: 'close' | 'hang' | 'reply'
  reply?: string
  /** How often; for ever by default. */
  times?: number
}

/** Starts a mail server on loopback. */
export async function startMailServer(options: MailServerOptions = {}) {
  const mails: ReceivedMail[] = []
  const smtp = realServer(options, mails)
  const smtpPort = await listen(smtp.server)
  let faults: MailFault[] = []
  let said = ''
  let made = 0
  const open = new Set<Socket>()
  let waiting: (() => void)[] = []

  function fault(at: MailStage): MailFault | undefined {
    const found = faults.find((one) => one.at === at && (one.times === undefined || one.times > 0))
    if (found?.times !== undefined) found.times -= 1
    return found
  }

  const door = createServer((client) => {
    made += 1
    open.add(client)
    const inner = tcpConnect(smtpPort, '127.0.0.1')
    let isGreeted = false
    let isData = false
    let isDeaf = false
    let message = ''

    /** @returns whether it was dealt with here. */
    const misbehave = (at: MailStage): boolean => {
      const found = fault(at)
      if (!found) return false
      if (found.kind === 'close') client.destroy()
      else if (found.kind === 'hang') isDeaf = true
      else pass(client, `${found.reply}\r\n`)
      return true
    }
    inner.on('data', (chunk) => {
      if (isDeaf) return
      if (!isGreeted) {
        isGreeted = true
        if (misbehave('CONNECT')) return
      }
      // Said to DATA only.
      if (chunk.toString('latin1').startsWith('354')) isData = true
      pass(client, chunk)
    })
    client.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      said += text
      if (isDeaf) return
      if (isData) {
        message += text
        const isWhole = message.endsWith('\r\n.\r\n')
        if (isWhole) isData = false
        if (isWhole && misbehave('MESSAGE')) return
      } else {
        const verb = /^[A-Z]+/.exec(text)?.[0] ?? ''
        // A verb that is no stage has no faults.
        if (misbehave(verb as MailStage)) return
      }
      pass(inner, chunk)
    })
    const end = () => {
      client.destroy()
      inner.destroy()
      open.delete(client)
      if (open.size > 0) return
      for (const resolve of waiting) resolve()
      waiting = []
    }
    for (const socket of [client, inner]) {
      socket.on('close', end)
      // A connection that breaks is what this is about.
      socket.on('error', end)
    }
  })
  const port = await listen(door)

  return {
    url: `${options.tls === 'implicit' ? 'smtps' : 'smtp'}://127.0.0.1:${port}`,
    port: () => port,
    /** What to do from now on, instead of what a server should. */
    fail(...next: MailFault[]) {
      faults = next.map((one) => ({ ...one }))
    },
    mails: () => mails,
    /** All that clients said in clear text. */
    said: () => said,
    /** How many connections there have been. */
    connections: () => made,
    /** Settles when no connection is open. @throws after `timeoutMs`. */
    async allClosed(timeoutMs = 10_000): Promise<void> {
      if (open.size === 0) return
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${open.size} connections are open`)), timeoutMs)
        waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    },
    clear() {
      mails.splice(0)
      said = ''
      made = 0
    },
    async close() {
      for (const client of open) client.destroy()
      await Promise.all([close(door), close(smtp.server)])
    },
  }
}
export type MailServer = Awaited<ReturnType<typeof startMailServer>>

function realServer({ login, methods, tls, rejects }: MailServerOptions, mails: ReceivedMail[]) {
  const disabled = [...(tls === 'starttls' ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])]
  const smtp = new SMTPServer({
    ...certificate,
    secure: tls === 'implicit',
    disabledCommands: disabled,
    authMethods: methods ?? ['PLAIN', 'LOGIN'],
    authOptional: !login,
    // What a client does then is what is tested.
    allowInsecureAuth: true,
    hideENHANCEDSTATUSCODES: false,
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth(auth, _session, done) {
      const isRight = auth.username === login?.username && auth.password === login?.password
      if (isRight) done(null, { user: login?.username })
      else done(Object.assign(new Error(`no login for ${auth.username}`), { responseCode: 535 }))
    },
    onRcptTo({ address }, _session, done) {
      const isRejected = rejects !== undefined && address.endsWith('@reject.example')
      const [code, ...words] = (rejects ?? '').split(' ')
      if (isRejected) done(Object.assign(new Error(words.join(' ')), { responseCode: Number(code) }))
      else done()
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          username: session.user ?? null,
          isSecure: session.secure,
          raw: Buffer.concat(chunks).toString('latin1'),
        })
        done()
      })
    },
  })
  // A client that breaks off is what this is about.
  smtp.on('error', () => undefined)
  return smtp
}

/** Of two who talk one may have gone. */
function pass(socket: Socket, data: Uint8Array | string): void {
  if (socket.writable) socket.write(data)
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this kind.
  return (server.address() as AddressInfo).port
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
}
