/** @module Mails through a mail service that takes JSON. */
import { beforeEach, describe, expect, it } from 'vitest'
import { type Sending, sendMail } from '../../src/mail/send.ts'
import { control } from '../support/harness.ts'

const MAIL = {
  id: 'mail_1',
  attempt: 2,
  recipient: 'alice@mail.example',
  subject: 'Grüße',
  text: 'Hello\n.\n世界',
}

let receiver: Awaited<ReturnType<typeof control.receiver>>
let service: Sending
beforeEach(async () => {
  receiver = await control.receiver()
  service = { kind: 'http', url: receiver.url, key: 'key-of-the-service', from: 'noreply@tubewire.example' }
})

const send = (timeoutMs = 10_000, mail = MAIL) =>
  sendMail(service, mail, { fetch: (input, init) => fetch(input, init), clock: () => 0, timeoutMs })

describe('A mail service', () => {
  it('is given the mail as JSON, with the key', async () => {
    expect(await send()).toEqual({ kind: 'sent' })
    const [request] = await receiver.requests()
    expect(request).toMatchObject({
      method: 'POST',
      path: '/hook',
      headers: {
        authorization: 'Bearer key-of-the-service',
        'content-type': 'application/json',
        'idempotency-key': 'mail_1-2',
      },
    })
    expect(JSON.parse(request?.body ?? '')).toEqual({
      from: 'Tubewire <noreply@tubewire.example>',
      to: ['alice@mail.example'],
      subject: 'Grüße',
      text: 'Hello\n.\n世界',
    })
  })

  it.each([
    [200, 'sent'],
    [202, 'sent'],
    [400, 'refused'],
    [401, 'refused'],
    [422, 'refused'],
    [408, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('that answers %i means: %s', async (status, kind) => {
    await receiver.answer({ status })
    expect(await send()).toEqual({
      kind,
      ...(kind === 'sent' ? {} : { reason: `the mail service answered ${status}` }),
    })
  })

  it('that sends us elsewhere is not followed: the key is for it alone', async () => {
    const elsewhere = await control.receiver()
    await receiver.answer({ status: 307, headers: { location: elsewhere.url } })
    expect(await send()).toEqual({
      kind: 'retry',
      reason: 'the mail service answered 307: redirects are not followed',
    })
    expect(await elsewhere.count()).toBe(0)
  })

  it.each([
    ['hang', 'no answer in time'],
    ['close', 'no connection to the mail service'],
  ] as const)('that does nothing but %s is tried again', async (kind, reason) => {
    await receiver.answer({ kind })
    expect(await send(300)).toEqual({ kind: 'retry', reason })
  })

  it('out of reach is tried again, and the reason has neither key nor URL', async () => {
    const secrets = { url: 'http://user:secret@localhost:1/?token=secret', key: 'sec\nret' }
    Object.assign(service, secrets)
    expect(await send()).toEqual({ kind: 'retry', reason: 'no connection to the mail service' })
  })

  it('is not asked to write to what is no plain address', async () => {
    expect(await send(300, { ...MAIL, recipient: 'alice@mail.example, bob@mail.example' })).toMatchObject({
      kind: 'refused',
    })
    expect(await receiver.count()).toBe(0)
  })
})
