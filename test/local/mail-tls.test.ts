/** @module Mails over TLS to a server whose certificate is trusted: the whole Tubewire, as `npm start` runs it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { insertMail, listMails } from '../../src/db/mails.ts'
import type { LocalWorker } from '../../src/local/worker.ts'
import { encryptSecret } from '../../src/secrets.ts'
import { certificate } from '../simulator/certificate.ts'
import { type MailServerOptions, startMailServer } from '../simulator/mail-server.ts'

const KEY = Buffer.alloc(32, 1)
const LOGIN = { username: 'tubewire', password: 'secret-password' }

let folder: string
let startWorker: typeof import('../../src/local/worker.ts')['startWorker']
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tubewire-mail-'))
  const file = join(folder, 'certificate.pem')
  await writeFile(file, certificate.cert)
  // Read when miniflare is loaded: so workerd trusts the certificate of the simulated server.
  process.env['NODE_EXTRA_CA_CERTS'] = file
  startWorker = (await import('../../src/local/worker.ts')).startWorker
})
afterAll(async () => {
  delete process.env['NODE_EXTRA_CA_CERTS']
  await rm(folder, { recursive: true })
})

/** Queues a mail in a Tubewire that sends by this server, and lets it tick. @returns what became of it. */
async function tick(options: MailServerOptions, host: string) {
  const server = await startMailServer(options)
  let worker: LocalWorker | undefined
  try {
    const scheme = options.tls === 'implicit' ? 'smtps' : 'smtp'
    worker = await startWorker({
      port: 0,
      data: await mkdtemp(join(folder, 'data-')),
      onLog: () => undefined,
      vars: {
        ADMIN_KEY: 'the-key-of-the-administrator',
        ENCRYPTION_KEYS: `k:${KEY.toString('base64')}`,
        ALLOW_LOCAL_TARGETS: 'true',
        PUBLIC_URL: 'https://tubewire.example',
        MAIL_API_URL: '',
        MAIL_FROM: 'noreply@tubewire.example',
        SMTP_URL: `${scheme}://${LOGIN.username}:${LOGIN.password}@${host}:${server.port()}`,
      },
    })
    const { DB } = await worker.bindings<{ DB: D1Database }>()
    await insertMail(DB, {
      id: 'mail_1',
      recipient: 'alice@mail.example',
      subject: 'Hello',
      text: await encryptSecret([{ id: 'k', bytes: KEY }], 'SECRET-TOKEN', 'mail_1'),
      state: 'pending',
      dueAt: 0,
      createdAt: Date.now(),
    })
    await worker.tick()
    const { rows: data } = await listMails(DB, { start: 0, count: 1, sort: '-createdAt' })
    return { mail: data[0], received: server.mails(), said: server.said() }
  } finally {
    await worker?.stop()
    await server.close()
  }
}

describe('A mail over TLS', () => {
  it.each(['starttls', 'implicit'] as const)(
    'arrives, and neither login nor text is told to who listens: %s',
    async (tls) => {
      const { mail, received, said } = await tick({ tls, login: LOGIN }, 'localhost')
      expect(mail).toMatchObject({ state: 'sent', text: null })
      expect(received).toMatchObject([{ isSecure: true, username: 'tubewire', to: ['alice@mail.example'] }])
      expect(received[0]?.raw).toContain('SECRET-TOKEN')
      if (tls === 'starttls') expect(said).toMatch(/^EHLO tubewire\.example\r\nSTARTTLS\r\n/)
      for (const secret of ['AUTH', 'MAIL FROM', 'SECRET-TOKEN', 'alice']) expect(said).not.toContain(secret)
    },
  )

  it.each(['starttls', 'implicit'] as const)(
    'is not sent to whoever has a good certificate for another name: %s',
    async (tls) => {
      const { mail, received } = await tick({ tls, login: LOGIN }, '0.0.0.0')
      expect(mail).toMatchObject({
        state: 'pending',
        attempts: 1,
        lastError: expect.stringMatching(/^the connection failed at (TLS|connecting)$/),
      })
      expect(received).toEqual([])
    },
  )
})
