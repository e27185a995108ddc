/** @module A connection to a mail server: commands out, replies in, TLS in between. Whatever fails is an `SmtpFailure`. */

import { connect } from 'cloudflare:sockets'
import { Buffer } from 'node:buffer'
import { deadline } from '../http/deadline.ts'

/** RFC 5321, 4.2. The server's words are for the code that follows, not for logs: they may repeat an address or a login. */
export type Reply = { code: number; lines: readonly string[] }

/** Why a mail was not taken. `refused`: it would not be taken later either. */
export class SmtpFailure extends Error {
  override readonly name = 'SmtpFailure'
  readonly kind: 'retry' | 'refused'

  constructor(kind: 'retry' | 'refused', reason: string) {
    super(reason)
    this.kind = kind
  }
}

/** Longer than what any server has to say. */
const MAX_REPLY = 65_536
/** The mail is sent by then: nobody waits for long to hear "good bye". */
const QUIT_MS = 1_000

export class SmtpConnection {
  #socket: Socket
  #reader: ReadableStreamDefaultReader<Uint8Array>
  #writer: WritableStreamDefaultWriter<Uint8Array>
  /** Rejects when the time is over. */
  #over: Promise<never>
  /** What came and has not been read as a reply. */
  #received = ''

  /** @param signal ends whatever is being waited for. */
  constructor(server: { host: string; port: number; tls: 'implicit' | 'starttls' }, signal: AbortSignal) {
    this.#socket = connect(
      { hostname: server.host, port: server.port },
      { secureTransport: server.tls === 'implicit' ? 'on' : 'starttls', allowHalfOpen: false },
    )
    this.#reader = this.#socket.readable.getReader()
    this.#writer = this.#socket.writable.getWriter()
    this.#over = timeIsOver(signal)
    ignoreFailure(this.#socket.opened)
    ignoreFailure(this.#socket.closed)
  }

  /** Waits for the server's first word. */
  async greeting(): Promise<void> {
    await this.#working('connecting', this.#socket.opened)
    await this.#expect('the greeting', 2)
  }

  /**
   * Sends a command.
   * @param step how it is called in the reason of a failure: the command itself may be a secret.
   * @param expected the first digit of the reply that is hoped for.
   * @throws SmtpFailure for any other reply.
   */
  async command(step: string, line: string, expected: 2 | 3): Promise<Reply> {
    await this.#write(step, `${line}\r\n`)
    return this.#expect(step, expected)
  }

  /** Sends the mail itself. @param message lines ending in CRLF, the last one too. */
  async message(message: string): Promise<void> {
    // RFC 5321, 4.5.2: a line that is one dot is the end, so a dot at the beginning of any other is doubled.
    await this.#write('the message', `${message.replace(/^\./gm, '..')}.\r\n`)
    await this.#expect('the message', 2)
  }

  /** Makes the connection a secret one. */
  async startTls(): Promise<void> {
    await this.command('STARTTLS', 'STARTTLS', 2)
    // RFC 3207, 6: what came before TLS may be from somebody in between.
    if (this.#received !== '')
      throw new SmtpFailure('retry', 'the server said something between STARTTLS and TLS')
    this.#reader.releaseLock()
    this.#writer.releaseLock()
    // The certificate must be of the host that was connected to, and signed by somebody whom the platform trusts.
    this.#socket = this.#socket.startTls()
    this.#reader = this.#socket.readable.getReader()
    this.#writer = this.#socket.writable.getWriter()
    ignoreFailure(this.#socket.closed)
    await this.#working('TLS', this.#socket.opened)
  }

  /** Says good bye, when there is somebody to hear it, and closes. Never throws. */
  async close(isHeard: boolean): Promise<void> {
    if (isHeard) {
      const { signal, lift } = deadline(QUIT_MS)
      this.#over = timeIsOver(signal)
      await this.command('QUIT', 'QUIT', 2).catch(() => undefined)
      lift()
    }
    ignoreFailure(this.#socket.close())
  }

  async #write(step: string, text: string): Promise<void> {
    await this.#working(step, this.#writer.write(new TextEncoder().encode(text)))
  }

  async #expect(step: string, expected: 2 | 3): Promise<Reply> {
    const reply = await this.#reply(step)
    if (Math.floor(reply.code / 100) === expected) return reply
    const kind = reply.code >= 500 ? 'refused' : 'retry'
    // RFC 2034: the enhanced code tells more than the code, and nothing of whom it is about.
    const [enhanced] = /^[245]\.\d{1,3}\.\d{1,3}(?= |$)/.exec(reply.lines.at(-1) ?? '') ?? []
    const codes = enhanced === undefined ? `${reply.code}` : `${reply.code} ${enhanced}`
    throw new SmtpFailure(kind, `the mail server answered ${codes} to ${step}`)
  }

  async #reply(step: string): Promise<Reply> {
    const lines: string[] = []
    for (let length = 0; length <= MAX_REPLY; ) {
      const line = await this.#line(step)
      const [, code, separator, words = ''] = /^([2-5]\d\d)(?:([ -])(.*))?$/.exec(line) ?? []
      if (code === undefined) throw new SmtpFailure('retry', `what answered to ${step} is no mail server`)
      lines.push(words)
      length += line.length
      if (separator !== '-') return { code: Number(code), lines }
    }
    throw new SmtpFailure('retry', `the mail server's answer to ${step} has no end`)
  }

  async #line(step: string): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf('\n')
      if (end >= 0) {
        const line = this.#received.slice(0, end).replace(/\r$/, '')
        this.#received = this.#received.slice(end + 1)
        return line
      }
      if (this.#received.length > MAX_REPLY)
        throw new SmtpFailure('retry', `the mail server's answer to ${step} has no end`)
      const { done, value } = await this.#working(step, this.#reader.read())
      if (done) throw new SmtpFailure('retry', `the mail server closed the connection at ${step}`)
      this.#received += Buffer.from(value).toString('latin1')
    }
  }

  /** Waits for work of the socket, and not longer than there is time. */
  async #working<TResult>(step: string, work: Promise<TResult>): Promise<TResult> {
    try {
      return await Promise.race([work, this.#over])
    } catch (error) {
      // Not what the platform says: it names addresses, and hides the reason of a failed TLS behind a number.
      const isOver = error instanceof Error && error.name === 'TimeoutError'
      throw new SmtpFailure(
        'retry',
        isOver ? `no answer in time to ${step}` : `the connection failed at ${step}`,
      )
    }
  }
}

/** Rejects with the signal's reason. */
function timeIsOver(signal: AbortSignal): Promise<never> {
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
  ignoreFailure(over)
  return over
}

/** Who waits for the socket's work hears of it there. */
function ignoreFailure(promise: Promise<unknown>): void {
  promise.catch(() => undefined)
}
