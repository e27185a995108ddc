/**
 * @module A mail handed over by SMTP (RFC 5321), with TLS and a login.
 *
 * Our own, over the platform's sockets, and not the library that there is for Workers (worker-mailer 1.2.1): that one never
 * ends when a server closes the connection, logs in over a connection without TLS when the server offers none, sends
 * whatever lines an address or a subject contains, and names addresses in its errors. Cloudflare lets nobody connect to port 25.
 */
import { Buffer } from 'node:buffer'
import ipaddr from 'ipaddr.js'
import type { SmtpServer } from '../config.ts'
import { deadline } from '../http/deadline.ts'
import { domainOf } from './message.ts'
import { SmtpConnection, SmtpFailure } from './smtp-connection.ts'

/** What became of a mail. A reason never names an address or a login: it may be logged. */
export type SendResult =
  | { kind: 'sent' }
  /** It may go better later. */
  | { kind: 'retry'; reason: string }
  /** It would not. */
  | { kind: 'refused'; reason: string }

/** What is written on the envelope, and the mail in it. */
export type Envelope = { from: string; recipient: string; message: string }

/**
 * Hands a mail over. Never throws for what the server does: a 5xx to the mail is `refused`, anything else that goes wrong is `retry`.
 * @param envelope addresses that `addressProblem` has nothing against; `message`: lines ending in CRLF.
 * @param timeoutMs how long all of it may take.
 */
export async function sendBySmtp(
  server: SmtpServer,
  envelope: Envelope,
  timeoutMs: number,
): Promise<SendResult> {
  const { signal, lift } = deadline(timeoutMs)
  let connection: SmtpConnection | undefined
  let isSent = false
  let isLetIn = false
  try {
    connection = new SmtpConnection(server, signal)
    await connection.greeting()
    await prepare(connection, server, domainOf(envelope.from))
    isLetIn = true
    await connection.command('MAIL FROM', `MAIL FROM:<${envelope.from}>`, 2)
    await connection.command('RCPT TO', `RCPT TO:<${envelope.recipient}>`, 2)
    await connection.command('DATA', 'DATA', 3)
    await connection.message(envelope.message)
    isSent = true
    return { kind: 'sent' }
  } catch (error) {
    // Before a mail was named, a refusal is of us: a password that somebody will put right must not cost the mails.
    if (error instanceof SmtpFailure) return { kind: isLetIn ? error.kind : 'retry', reason: error.message }
    throw error
  } finally {
    lift()
    await connection?.close(isSent)
  }
}

/** Makes the connection one that mail may be sent over: TLS when it can be had, then the login. */
async function prepare(connection: SmtpConnection, server: SmtpServer, ourName: string): Promise<void> {
  let extensions = await hello(connection, ourName)
  if (server.tls === 'starttls' && extensions.has('STARTTLS')) {
    await connection.startTls()
    // RFC 3207, 4.2: what was said before TLS is forgotten.
    extensions = await hello(connection, ourName)
  } else if (server.tls === 'starttls' && !isLoopback(server.host)) {
    throw new SmtpFailure(
      'refused',
      'the mail server offers no TLS, and neither logins nor mails are sent in clear text: use smtps://, or another server',
    )
  }
  if (server.username !== '') await logIn(connection, server, extensions.get('AUTH') ?? '')
}

/** @returns the server's extensions, each with its parameters, in capitals. */
async function hello(connection: SmtpConnection, ourName: string): Promise<Map<string, string>> {
  const { lines } = await connection.command('EHLO', `EHLO ${ourName}`, 2)
  return new Map(
    lines.slice(1).map((line) => {
      const [keyword = '', ...parameters] = line.toUpperCase().split(/[ =]/)
      return [keyword, parameters.join(' ')]
    }),
  )
}

/** RFC 4954. @param offered the mechanisms, separated by spaces. */
async function logIn(connection: SmtpConnection, server: SmtpServer, offered: string): Promise<void> {
  const mechanisms = offered.split(' ')
  const { username, password } = server
  if (mechanisms.includes('PLAIN')) {
    await connection.command('AUTH', `AUTH PLAIN ${base64(`\0${username}\0${password}`)}`, 2)
  } else if (mechanisms.includes('LOGIN')) {
    await connection.command('AUTH', 'AUTH LOGIN', 3)
    await connection.command('AUTH', base64(username), 3)
    await connection.command('AUTH', base64(password), 2)
  } else {
    throw new SmtpFailure('refused', 'the mail server offers no login by PLAIN or LOGIN')
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** Whether what is sent there stays on this machine. */
function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(name) ? ipaddr.process(name).range() === 'loopback' : /^localhost$/i.test(name)
}
