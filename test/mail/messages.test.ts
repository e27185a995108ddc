/** @module What mails say. */
import { describe, expect, it } from 'vitest'
import { formatMessage } from '../../src/mail/message.ts'
import {
  accountAccepted,
  addressChange,
  alreadyRegistered,
  registrationWaiting,
  resetPassword,
  verifyEmail,
} from '../../src/mail/messages.ts'
import { header, readMail } from '../support/read-mail.ts'

const to = {
  publicUrl: 'https://tubewire.example',
  username: 'alice',
  userId: 'usr_1',
  token: 'To+k/en=1',
  minutes: 60,
  email: 'new@example.com',
}
const all = {
  verifyEmail,
  resetPassword,
  addressChange,
  alreadyRegistered,
  accountAccepted,
  registrationWaiting,
}

describe('A mail', () => {
  it.each(Object.entries(all))(
    '%s greets by name, says where it is from, and what to do when one did not ask for it',
    (_, write) => {
      const { subject, text } = write(to)
      expect(subject).toMatch(/^Tubewire: [\x20-\x7e]{5,60}$/)
      expect(text).toMatch(/^Hello alice,\n\n/)
      expect(text).toMatch(/You did not (ask for this|register here)\? Then|It was not you\? Then/)
      expect(text).toContain('https://tubewire.example')
      expect(text.endsWith('-- \nTubewire, https://tubewire.example')).toBe(true)
    },
  )

  it('with a token has the link and the call of the API, and says how long they are good', () => {
    const verify = verifyEmail(to).text
    expect(verify).toContain(
      '\nhttps://tubewire.example/verify-email?userId=usr_1&verificationString=To%2Bk%2Fen%3D1\n',
    )
    expect(verify).toContain(
      '\nPOST https://tubewire.example/api/v1/users/usr_1/verify-email\n{"verificationString":"To+k/en=1"}\n',
    )
    const reset = resetPassword(to).text
    expect(reset).toContain(
      '\nhttps://tubewire.example/reset-password?userId=usr_1&verificationString=To%2Bk%2Fen%3D1\n',
    )
    expect(reset).toContain(
      '\nPOST https://tubewire.example/api/v1/users/usr_1/reset-password\n{"verificationString":"To+k/en=1","password":',
    )
    for (const text of [verify, reset]) expect(text).toContain('within 60 minutes')
  })

  it('without a token has none', () => {
    for (const write of [addressChange, alreadyRegistered, accountAccepted, registrationWaiting])
      expect(write(to).text).not.toContain(to.token)
  })

  it.each(Object.entries(all))(
    '%s gets neither a header nor a line of its own from a hostile name',
    (_, write) => {
      const username = 'eve\r\nBcc: all@victim.example\r\n\r\nBuy this\u2028now\u202e\u0000'
      const { subject, text } = write({ ...to, username })
      expect(subject).toBe(write(to).subject)
      expect(text.split('\n').slice(1)).toEqual(write(to).text.split('\n').slice(1))
      const raw = formatMessage({
        from: 'noreply@tubewire.example',
        recipient: 'eve@mail.example',
        subject,
        text,
        id: 'mail_1',
        date: 0,
      })
      const names = readMail(raw).headers.map(([name]) => name)
      expect(names).not.toContain('Bcc')
      expect(new Set(names).size).toBe(names.length)
      expect(header(readMail(raw), 'To')).toBe('eve@mail.example')
    },
  )
})
