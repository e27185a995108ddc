/** @module Mails: stored, sent, tried again, given up, kept. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { listMails, type Mail } from '../../src/db/mails.ts'
import { forgetOldMails, queueMail, readKeptMail, sendDueMails } from '../../src/workers/mails.ts'
import { schedule } from '../../src/workers/schedule.ts'
import type { RemoteMailServer } from '../simulator/client.ts'
import type { MailServerOptions } from '../simulator/mail-server.ts'
import { breakDatabase, control, mostAtOnce, type Tubewire, testDeps } from '../support/harness.ts'
import { readMail } from '../support/read-mail.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const MAIL = {
  recipient: 'alice@mail.example',
  subject: 'Please confirm',
  text: 'Hello,\n.\nthe token: SECRET-TOKEN',
}

let tubewire: Tubewire
beforeEach(async () => {
  tubewire = testDeps()
  configure({})
  await env.DB.prepare('DELETE FROM mails').run()
})

/** From now on mails leave by this server. */
async function sendBy(server: RemoteMailServer, login = ''): Promise<void> {
  configure({ SMTP_URL: `smtp://${login}localhost:${await server.port()}` })
}

function configure(variables: Record<string, string>): void {
  tubewire.deps.config = parseConfig({
    ...env,
    // All of them: there may be some in the `.dev.vars` of this machine.
    SMTP_URL: '',
    MAIL_API_URL: '',
    MAIL_API_KEY: '',
    PUBLIC_URL: 'https://tubewire.example',
    MAIL_FROM: 'noreply@tubewire.example',
    ...variables,
  })
}

/** A mail server that Tubewire sends by. */
async function mailServer(options: MailServerOptions = {}): Promise<RemoteMailServer> {
  const server = await control.mailServer(options)
  await sendBy(server)
  return server
}

const queue = (mail: Partial<typeof MAIL> = {}) => queueMail(tubewire.deps, { ...MAIL, ...mail })
const all = async () => (await listMails(env.DB, { start: 0, count: 100, sort: '-createdAt' })).rows

async function only(): Promise<Mail> {
  const [mail, ...others] = await all()
  if (!mail || others.length > 0) throw new Error(`${others.length + (mail ? 1 : 0)} mails are there`)
  return mail
}

/** From now on some statements fail, counted from 1. @returns what ends it. */
function failStatements(isFailing: (number: number) => boolean): () => void {
  const { DB } = tubewire.deps.env
  let number = 0
  tubewire.deps.env.DB = new Proxy(DB, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name === 'prepare') {
        number += 1
        if (isFailing(number)) throw new Error('Network connection lost')
      }
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return () => {
    tubewire.deps.env.DB = DB
  }
}

describe('A mail', () => {
  it('is stored encrypted, sent once, and its text is forgotten then', async () => {
    const server = await mailServer()
    const id = await queue()
    expect(await only()).toMatchObject({ id, state: 'pending', attempts: 0, dueAt: tubewire.deps.clock() })
    expect(JSON.stringify(await only())).not.toContain('SECRET-TOKEN')

    await sendDueMails(tubewire.deps)
    await sendDueMails(tubewire.deps)

    const mails = await server.mails()
    expect(mails.map(({ to }) => to)).toEqual([['alice@mail.example']])
    expect(readMail(mails[0]?.raw ?? '').text).toBe('Hello,\r\n.\r\nthe token: SECRET-TOKEN')
    expect(await only()).toMatchObject({
      state: 'sent',
      text: null,
      attempts: 1,
      dueAt: null,
      lastError: null,
      finishedAt: tubewire.deps.clock(),
    })
    expect(tubewire.log).toEqual([{ log: 'mail', mail: id, outcome: 'sent' }])
  })

  it('goes through a mail service when there is one', async () => {
    const receiver = await control.receiver()
    configure({ MAIL_API_URL: receiver.url, MAIL_API_KEY: 'key-of-the-service' })
    const id = await queue()
    await sendDueMails(tubewire.deps)
    const [request] = await receiver.requests()
    expect(request?.headers['idempotency-key']).toBe(`${id}-1`)
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ to: [MAIL.recipient], text: MAIL.text })
    expect(await only()).toMatchObject({ state: 'sent' })
  })

  it('is sent by the tick', async () => {
    const server = await mailServer()
    await queue()
    await schedule(tubewire.deps)
    expect(await server.mails()).toHaveLength(1)
  })

  it('that the server does not take yet is tried after 1, 5, 15 and 30 minutes, and then given up', async () => {
    const server = await mailServer()
    await server.fail({ at: 'MESSAGE', kind: 'reply', reply: '451 4.3.0 later' })
    const id = await queue()
    const reason = 'the mail server answered 451 4.3.0 to the message'
    for (const [index, minutes] of [1, 5, 15, 30].entries()) {
      await sendDueMails(tubewire.deps)
      expect(await only()).toMatchObject({
        state: 'pending',
        attempts: index + 1,
        dueAt: tubewire.deps.clock() + minutes * MINUTE,
        lastError: reason,
        finishedAt: null,
      })
      tubewire.advance(minutes * MINUTE - 1)
      await sendDueMails(tubewire.deps)
      expect(await server.connections()).toBe(index + 1)
      tubewire.advance(1)
    }
    await sendDueMails(tubewire.deps)
    expect(await only()).toMatchObject({
      state: 'failed',
      attempts: 5,
      dueAt: null,
      lastError: reason,
      finishedAt: tubewire.deps.clock(),
    })
    tubewire.advance(DAY)
    await sendDueMails(tubewire.deps)
    expect(await server.connections()).toBe(5)
    expect(tubewire.log.map((entry) => 'outcome' in entry && entry.outcome)).toEqual([
      ...Array(4).fill('retry'),
      'gave-up',
    ])
    expect(tubewire.log.at(-1)).toEqual({ log: 'mail', mail: id, outcome: 'gave-up', detail: reason })
  })

  it('arrives when the server has come back', async () => {
    const server = await mailServer()
    await server.fail({ at: 'CONNECT', kind: 'close', times: 2 })
    await queue()
    await sendDueMails(tubewire.deps)
    tubewire.advance(MINUTE)
    await sendDueMails(tubewire.deps)
    tubewire.advance(5 * MINUTE)
    await sendDueMails(tubewire.deps)
    expect(await server.mails()).toHaveLength(1)
    expect(await only()).toMatchObject({ state: 'sent', attempts: 3, lastError: null, text: null })
  })

  it('that is refused is not tried again', async () => {
    await mailServer({ rejects: '550 5.1.1 <bob@reject.example> is unknown' })
    await queue({ recipient: 'bob@reject.example' })
    await sendDueMails(tubewire.deps)
    expect(await only()).toMatchObject({
      state: 'failed',
      attempts: 1,
      dueAt: null,
      lastError: 'the mail server answered 550 5.1.1 to RCPT TO',
    })
  })

  it('that is unreadable is tried again, for the key may come back', async () => {
    const server = await mailServer()
    await queue()
    const { encryptionKeys } = tubewire.deps.config
    tubewire.deps.config = {
      ...tubewire.deps.config,
      encryptionKeys: [{ id: 'other', bytes: new Uint8Array(32) }],
    }
    await sendDueMails(tubewire.deps)
    expect(await only()).toMatchObject({ state: 'pending', attempts: 1 })
    tubewire.deps.config = { ...tubewire.deps.config, encryptionKeys }
    tubewire.advance(MINUTE)
    await sendDueMails(tubewire.deps)
    expect(await server.mails()).toHaveLength(1)
  })

  it('leaves neither address nor text nor login in the log, whatever happens', async () => {
    const login = { username: 'tubewire', password: 'PASSWORD' }
    const server = await mailServer({ login, rejects: '550 no <alice@reject.example>, says PASSWORD' })
    const texts: string[] = []
    const { error, log, warn, info, debug } = console
    const listen = (...words: unknown[]) => {
      texts.push(words.map(String).join(' '))
    }
    Object.assign(console, { error: listen, log: listen, warn: listen, info: listen, debug: listen })
    try {
      for (const given of ['', 'tubewire:WRONG@', 'tubewire:PASSWORD@']) {
        await sendBy(server, given)
        await queue()
        await queue({ recipient: 'alice@reject.example' })
        await queue({ recipient: 'alice@mail.example\r\nDATA' })
        await sendDueMails(tubewire.deps)
      }
      breakDatabase(tubewire, 'prepare', 1)
      await queue().catch((failure) => listen(failure))
    } finally {
      Object.assign(console, { error, log, warn, info, debug })
    }
    expect(tubewire.log).toHaveLength(9)
    const told = JSON.stringify([tubewire.log, texts])
    for (const secret of ['alice', 'SECRET-TOKEN', 'PASSWORD', 'WRONG', 'Please confirm', btoa('tubewire')])
      expect(told).not.toContain(secret)
  })
})

describe('Many mails', () => {
  it('are sent side by side, three at once and twenty in a run, and recorded in one statement', async () => {
    const receiver = await control.receiver()
    configure({ MAIL_API_URL: receiver.url, MAIL_API_KEY: 'key' })
    for (let index = 0; index < 23; index += 1) await queue()
    const most = mostAtOnce(tubewire.deps)
    await sendDueMails(tubewire.deps)
    expect(await receiver.count()).toBe(20)
    expect(most()).toBe(3)
    await sendDueMails(tubewire.deps)
    expect(await receiver.count()).toBe(23)
    expect((await all()).every(({ state }) => state === 'sent')).toBe(true)
  })

  it('are not held up by those that fail', async () => {
    const server = await mailServer({ rejects: '550 no' })
    await queue({ recipient: 'bob@reject.example' })
    const unreadable = await queue()
    await env.DB.prepare("UPDATE mails SET text = 'nonsense' WHERE id = ?").bind(unreadable).run()
    await queue()
    await sendDueMails(tubewire.deps)
    expect(await server.mails()).toHaveLength(1)
    const states = (await all()).map(({ state }) => state)
    expect(states.toSorted()).toEqual(['failed', 'pending', 'sent'])
  })

  it('that have no time to begin are left to a later run', async () => {
    const receiver = await control.receiver()
    configure({ MAIL_API_URL: receiver.url, MAIL_API_KEY: 'key' })
    for (let index = 0; index < 5; index += 1) await queue()
    await receiver.answer({ kind: 'hang' })
    const run = sendDueMails(tubewire.deps, 0)
    await receiver.waitFor(3)
    await receiver.release()
    await run
    expect(await receiver.count()).toBe(3)
    await receiver.answer({ status: 200 })
    await sendDueMails(tubewire.deps)
    expect(await receiver.count()).toBe(3)
    tubewire.advance(MINUTE)
    await sendDueMails(tubewire.deps)
    expect(await receiver.count()).toBe(5)
    expect((await all()).every(({ state, attempts }) => state === 'sent' && attempts === 1)).toBe(true)
  })

  it('are sent once by two runs at once', async () => {
    const server = await mailServer()
    for (let index = 0; index < 6; index += 1) await queue()
    await Promise.all([sendDueMails(tubewire.deps), sendDueMails(tubewire.deps), sendDueMails(tubewire.deps)])
    expect(await server.mails()).toHaveLength(6)
  })
})

describe('A run that dies', () => {
  it('between claim and record leaves its mails to be sent again, after the lease', async () => {
    const server = await mailServer()
    await queue()
    // The claim is made; every statement after it fails.
    const mend = failStatements((number) => number > 1)
    await expect(sendDueMails(tubewire.deps)).rejects.toThrow('Network connection lost')
    mend()
    expect(await only()).toMatchObject({ state: 'pending', attempts: 0 })

    tubewire.advance(MINUTE - 1)
    await sendDueMails(tubewire.deps)
    expect(await server.mails()).toHaveLength(1)
    tubewire.advance(1)
    await sendDueMails(tubewire.deps)
    const mails = await server.mails()
    expect(mails).toHaveLength(2)
    // By this a mailbox knows that it is the same.
    const ids = mails.map(({ raw }) => /Message-ID: (.*)\r\n/.exec(raw)?.[1])
    expect(ids[0]).toBe(ids[1])
    expect(await only()).toMatchObject({ state: 'sent', attempts: 1 })
  })

  it('while recording, once, is of no consequence', async () => {
    const server = await mailServer()
    await queue()
    failStatements((number) => number === 2)
    await sendDueMails(tubewire.deps)
    tubewire.advance(DAY)
    await sendDueMails(tubewire.deps)
    expect(await server.mails()).toHaveLength(1)
    expect(await only()).toMatchObject({ state: 'sent', attempts: 1 })
  })
})

describe('Without a way to send', () => {
  it('a mail is kept encrypted, never due, and can be read', async () => {
    const id = await queue()
    const kept = await only()
    expect(kept).toMatchObject({ id, state: 'kept', dueAt: null, recipient: MAIL.recipient })
    expect(kept.text).not.toContain('SECRET-TOKEN')
    expect(await readKeptMail(tubewire.deps, kept)).toBe(MAIL.text)
  })

  it('a mail that was kept is not sent when there is a way later', async () => {
    await queue()
    const server = await mailServer()
    tubewire.advance(MINUTE)
    await sendDueMails(tubewire.deps)
    expect(await server.connections()).toBe(0)
    expect(await only()).toMatchObject({ state: 'kept' })
  })

  it('a mail that was to be sent waits for a way', async () => {
    const server = await mailServer()
    await queue()
    configure({})
    await sendDueMails(tubewire.deps)
    expect(await only()).toMatchObject({ state: 'pending', attempts: 0 })
    await sendBy(server)
    await sendDueMails(tubewire.deps)
    expect(await server.mails()).toHaveLength(1)
  })

  it('the text of a mail is read under its own id and key only, and of mails that are kept only', async () => {
    await queue()
    const kept = await only()
    expect(await readKeptMail(tubewire.deps, { ...kept, id: 'mail_other' })).toBeNull()
    expect(await readKeptMail(tubewire.deps, { ...kept, state: 'failed' })).toBeNull()
    expect(await readKeptMail(tubewire.deps, { ...kept, text: null })).toBeNull()
    expect(tubewire.log).toMatchObject([{ log: 'error', where: 'reading the mail mail_other' }])
  })
})

describe('The list of mails', () => {
  it('has the newest first, by pages, and counts all', async () => {
    const ids: string[] = []
    for (let index = 0; index < 5; index += 1) {
      ids.unshift(await queue())
      tubewire.advance(1)
    }
    const page = await listMails(env.DB, { start: 1, count: 2, sort: '-createdAt' })
    expect(page.rows.map(({ id }) => id)).toEqual(ids.slice(1, 3))
    expect(page.total).toBe(5)
    expect(await listMails(env.DB, { start: 9, count: 2, sort: '-createdAt' })).toEqual({
      total: 5,
      rows: [],
    })
  })

  it('forgets what is older than 30 days, at a tick, sent or not', async () => {
    const server = await mailServer()
    await queue()
    await sendDueMails(tubewire.deps)
    configure({})
    await queue()
    tubewire.advance(1)
    const young = await queue()
    tubewire.advance(30 * DAY - 1)
    await forgetOldMails(tubewire.deps)
    expect(await all()).toHaveLength(3)
    tubewire.advance(1)
    await schedule(tubewire.deps)
    expect(await only()).toMatchObject({ id: young })
    expect((await listMails(env.DB, { start: 0, count: 1, sort: '-createdAt' })).total).toBe(1)
    expect(await server.connections()).toBe(1)
  })
})
