/** @module Mails over SMTP, to a real server that can misbehave. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { SmtpServer } from '../../src/config.ts'
import { type OutgoingMail, type Sending, sendMail } from '../../src/mail/send.ts'
import { sendBySmtp } from '../../src/mail/smtp.ts'
import type { RemoteMailServer } from '../simulator/client.ts'
import type { MailFault, MailServerOptions, MailStage } from '../simulator/mail-server.ts'
import { control } from '../support/harness.ts'
import { header, readMail } from '../support/read-mail.ts'

const LOGIN = { username: 'tubewire', password: 'pass wörd €' }
const MAIL: OutgoingMail = {
  id: 'mail_1',
  attempt: 1,
  recipient: 'alice@mail.example',
  subject: 'Hello',
  text: 'Hello',
}
const NOW = Date.UTC(2026, 10, 5)

/** The way to a server, with its login when it wants one. */
async function wayTo(
  server: RemoteMailServer,
  { login, tls }: MailServerOptions = {},
  host = 'localhost',
): Promise<Sending & SmtpServer> {
  return {
    kind: 'smtp',
    host,
    port: await server.port(),
    tls: tls === 'implicit' ? 'implicit' : 'starttls',
    username: login?.username ?? '',
    password: login?.password ?? '',
    from: 'noreply@tubewire.example',
  }
}

const send = (way: Sending, mail: Partial<OutgoingMail> = {}, timeoutMs = 10_000) =>
  sendMail(way, { ...MAIL, ...mail }, { fetch, clock: () => NOW, timeoutMs })

/** What a server of this kind makes of a mail. */
async function meet(options: MailServerOptions, faults: MailFault[] = [], timeoutMs?: number) {
  const server = await control.mailServer(options)
  await server.fail(...faults)
  const result = await send(await wayTo(server, options), {}, timeoutMs)
  return { server, result, mails: await server.mails() }
}

describe('A mail', () => {
  let server: RemoteMailServer
  beforeAll(async () => {
    server = await control.mailServer()
  })

  it.each([
    ['in plain ASCII', 'Hello', 'Hello Alice,\n\nhttps://tubewire.example/verify-email?userId=1&v=2\n'],
    ['in other letters', 'Grüße an 世界 🎬', 'Grüße!\nZweite Zeile: 世界 🎬\n'],
    ['with lines that begin with dots', 'Dots', '.\n..\n.a\n\n.\nthe end\n.'],
    ['with lines longer than SMTP allows', 'Long', `${'x'.repeat(3_000)}\n${'ü'.repeat(3_000)}`],
    ['with a subject of many lines', `${'ü'.repeat(300)}`, 'text'],
    ['with all kinds of line ends', 'Ends', 'a\nb\r\nc\rd'],
    ['of 200 KB', 'Large', `${'a line of text 🎬\n'.repeat(10_000)}`],
  ])('%s comes whole', async (_, subject, text) => {
    await server.clear()
    expect(await send(await wayTo(server), { subject, text })).toEqual({ kind: 'sent' })
    const [mail] = await server.mails()
    expect(mail).toMatchObject({ from: 'noreply@tubewire.example', to: ['alice@mail.example'] })
    const read = readMail(mail?.raw ?? '')
    expect(header(read, 'Subject')).toBe(subject)
    expect(header(read, 'To')).toBe('alice@mail.example')
    expect(header(read, 'From')).toBe('Tubewire <noreply@tubewire.example>')
    expect(header(read, 'Message-ID')).toBe('<mail_1@tubewire.example>')
    expect(read.text).toBe(text.replace(/\r\n|\r|\n/g, '\r\n'))
  })

  it('has its dots doubled on the wire, by whomever it was written', async () => {
    await server.clear()
    const envelope = { from: 'a@x.example', recipient: 'b@y.example' }
    const message = '.first: 1\r\n\r\n.\r\n..\r\nQUIT\r\n.end\r\n'
    const result = await sendBySmtp(await wayTo(server), { ...envelope, message }, 10_000)
    expect(result).toEqual({ kind: 'sent' })
    expect((await server.mails()).map(({ raw }) => raw)).toEqual([message])
  })

  it('is greeted by the domain of its sender, and followed by a good bye', async () => {
    await server.clear()
    await send(await wayTo(server))
    await server.allClosed()
    const said = (await server.said()).split('\r\n')
    expect(said[0]).toBe('EHLO tubewire.example')
    expect(said.at(-2)).toBe('QUIT')
  })

  it.each([
    { recipient: 'alice@mail.example>\r\nRCPT TO:<bob@mail.example' },
    { recipient: 'alice@mail.example\r\nDATA' },
    { recipient: 'älice@mail.example' },
  ])('to an address that would say more than an address is refused unheard: %j', async (mail) => {
    await server.clear()
    expect(await send(await wayTo(server), mail)).toMatchObject({ kind: 'refused' })
    expect(await server.connections()).toBe(0)
  })

  it('gets no header from the lines of its subject', async () => {
    await server.clear()
    await send(await wayTo(server), { subject: 'Hello\r\nBcc: bob@mail.example\r\n\r\nBuy this' })
    const [mail] = await server.mails()
    const read = readMail(mail?.raw ?? '')
    expect(mail?.to).toEqual(['alice@mail.example'])
    expect(read.headers.map(([name]) => name)).not.toContain('Bcc')
    expect(header(read, 'Subject')).toBe('Hello Bcc: bob@mail.example Buy this')
  })
})

describe('A login', () => {
  it.each([['PLAIN' as const], ['LOGIN' as const]])('by %s opens the door', async (method) => {
    const { result, mails } = await meet({ login: LOGIN, methods: [method] })
    expect(result).toEqual({ kind: 'sent' })
    expect(mails).toMatchObject([{ username: 'tubewire' }])
  })

  it.each([['PLAIN' as const], ['LOGIN' as const]])(
    'by %s that is wrong may be put right before the mail is given up, and is not told',
    async (method) => {
      const server = await control.mailServer({ login: LOGIN, methods: [method] })
      const wrong = { username: 'tubewire', password: 'wrong password' }
      const result = await send(await wayTo(server, { login: wrong }))
      expect(result).toEqual({ kind: 'retry', reason: 'the mail server answered 535 5.7.8 to AUTH' })
      await server.allClosed()
      expect(await server.mails()).toEqual([])
    },
  )

  it('that the server has another way for is not tried', async () => {
    const { result } = await meet({ login: LOGIN, methods: ['XOAUTH2'] })
    expect(result).toEqual({
      kind: 'retry',
      reason: 'the mail server offers no login by PLAIN or LOGIN',
    })
  })

  it('that is missing is refused by the server', async () => {
    const server = await control.mailServer({ login: LOGIN })
    expect(await send(await wayTo(server))).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(/^the mail server answered 530( 5\.7\.0)? to MAIL FROM$/),
    })
  })

  it('is not sent in clear text to another machine', async () => {
    const server = await control.mailServer({ login: LOGIN })
    // This machine, by an address that doesn't say so.
    const way = await wayTo(server, { login: LOGIN }, '0.0.0.0')
    expect(await send(way)).toEqual({
      kind: 'retry',
      reason: expect.stringContaining('offers no TLS, and neither logins nor mails are sent in clear text'),
    })
    await server.allClosed()
    expect(await server.said()).toBe('EHLO tubewire.example\r\n')
  })
})

describe('TLS', () => {
  it.each(['starttls', 'implicit'] as const)(
    'with a certificate that nobody signed ends it before login and mail: %s',
    async (tls) => {
      const { server, result, mails } = await meet({ tls, login: LOGIN })
      expect(result).toMatchObject({
        kind: 'retry',
        reason: expect.stringMatching(/failed at (TLS|connecting)/),
      })
      await server.allClosed()
      expect(mails).toEqual([])
      expect(await server.said()).not.toContain('AUTH')
    },
  )

  it('that the server takes back after offering it ends it', async () => {
    const { result, server } = await meet({ tls: 'starttls', login: LOGIN }, [
      { at: 'STARTTLS', kind: 'reply', reply: '454 4.7.0 not now' },
    ])
    expect(result).toEqual({ kind: 'retry', reason: 'the mail server answered 454 4.7.0 to STARTTLS' })
    expect(await server.said()).not.toContain('AUTH')
  })

  it('into which somebody put words in clear text ends it', async () => {
    const { result } = await meet({ tls: 'starttls', login: LOGIN }, [
      { at: 'STARTTLS', kind: 'reply', reply: '220 ready\r\n250-x\r\n250 AUTH PLAIN' },
    ])
    expect(result).toEqual({ kind: 'retry', reason: 'the server said something between STARTTLS and TLS' })
  })
})

describe('A server', () => {
  const STAGES: MailStage[] = ['CONNECT', 'EHLO', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'MESSAGE']

  it.each(STAGES)('that closes at %s is tried again', async (at) => {
    const { server, result, mails } = await meet({ login: LOGIN }, [{ at, kind: 'close' }])
    expect(result).toEqual({
      kind: 'retry',
      reason: expect.stringMatching(/^the (mail server closed the connection|connection failed) at /),
    })
    await server.allClosed()
    expect(mails).toEqual([])
  })

  it.each(STAGES)('that says nothing at %s is not waited for, and the connection closed', async (at) => {
    const { server, result } = await meet({ login: LOGIN }, [{ at, kind: 'hang' }], 300)
    expect(result).toEqual({ kind: 'retry', reason: expect.stringMatching(/^no answer in time to /) })
    await server.allClosed()
  })

  it.each(STAGES)('that answers 4xx at %s is tried again', async (at) => {
    const { server, result } = await meet({ login: LOGIN }, [{ at, kind: 'reply', reply: '451 4.3.0 later' }])
    expect(result).toEqual({ kind: 'retry', reason: expect.stringMatching(/answered 451 4\.3\.0 to /) })
    await server.allClosed()
  })

  it.each(STAGES)(
    'that answers 5xx at %s has refused: the mail, or only us when it was not named yet',
    async (at) => {
      const { server, result } = await meet({ login: LOGIN }, [
        { at, kind: 'reply', reply: '550-no\r\n550 no' },
      ])
      const kind = ['CONNECT', 'EHLO', 'AUTH'].includes(at) ? 'retry' : 'refused'
      expect(result).toEqual({ kind, reason: expect.stringMatching(/answered 550 to /) })
      await server.allClosed()
    },
  )

  it('that rejects the recipient has refused, and what it says of him is not repeated', async () => {
    const server = await control.mailServer({ rejects: '550 5.1.1 <bob@reject.example> is unknown here' })
    expect(await send(await wayTo(server), { recipient: 'bob@reject.example' })).toEqual({
      kind: 'refused',
      reason: 'the mail server answered 550 5.1.1 to RCPT TO',
    })
  })

  it('that has the mail, and then hangs or breaks, has it', async () => {
    for (const kind of ['hang', 'close'] as const) {
      const { server, result, mails } = await meet({}, [{ at: 'QUIT', kind }])
      expect(result).toEqual({ kind: 'sent' })
      await server.allClosed()
      expect(mails).toHaveLength(1)
    }
  })

  it.each([
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['lines without end', `${'250-more\r\n'.repeat(20_000)}`],
    ['a line without end', 'x'.repeat(200_000)],
  ])('that speaks %s is none', async (_, reply) => {
    const { result } = await meet({}, [{ at: 'EHLO', kind: 'reply', reply }])
    expect(result).toEqual({ kind: 'retry', reason: expect.stringMatching(/EHLO/) })
  })

  it('that is not there is tried again', async () => {
    const server = await control.mailServer()
    const way = await wayTo(server)
    await server.close()
    expect(await send(way)).toEqual({ kind: 'retry', reason: 'the connection failed at connecting' })
  })
})
