/** @module A mail as it goes over the wire. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressProblem, formatMessage } from '../../src/mail/message.ts'
import { header, readMail } from '../support/read-mail.ts'

const message = {
  from: 'noreply@tubewire.example',
  recipient: 'alice@mail.example',
  subject: 'Hello',
  text: 'Hello',
  id: 'mail_1',
  date: Date.UTC(2026, 10, 5, 7, 8, 9),
}
const HEADERS = [
  'From',
  'To',
  'Subject',
  'Date',
  'Message-ID',
  'Auto-Submitted',
  'MIME-Version',
  'Content-Type',
  'Content-Transfer-Encoding',
]

describe('A message', () => {
  it('in plain ASCII can be read without a program', () => {
    expect(formatMessage({ ...message, text: 'Hello,\n\n.a line' })).toBe(
      [
        'From: Tubewire <noreply@tubewire.example>',
        'To: alice@mail.example',
        'Subject: Hello',
        'Date: Thu, 05 Nov 2026 07:08:09 +0000',
        'Message-ID: <mail_1@tubewire.example>',
        'Auto-Submitted: auto-generated',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: 7bit',
        '',
        'Hello,',
        '',
        '.a line',
        '',
      ].join('\r\n'),
    )
  })

  it.each([
    ['a subject and text in other letters', 'Grüße, 世界 🎬', 'Zeile eins äöü\nZeile zwei 🎬\n'],
    ['a long subject', 'long and longer; '.repeat(40).trim(), 'short'],
    ['a long subject of wide characters', '🎬'.repeat(200), 'short'],
    ['a subject that looks encoded', '=?utf-8?B?SGVsbG8=?=', 'short'],
    ['a line longer than 998 characters', 'long', `${'x'.repeat(5_000)}\n${'y'.repeat(999)}`],
    ['control characters in the text', 'control', 'a\u0000b\u0007c\u001b[2J'],
    ['nothing at all', '', ''],
  ])('comes whole with %s', (_, subject, text) => {
    const raw = formatMessage({ ...message, subject, text })
    const read = readMail(raw)
    expect(header(read, 'Subject')).toBe(subject)
    expect(read.text).toBe(text.replaceAll('\n', '\r\n'))
    expect(raw).toMatch(/^[\t\r\n\x20-\x7e]*$/)
    for (const line of raw.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
    const [, subjectLines = ''] = /Subject: (.*(?:\r\n .*)*)/.exec(raw) ?? []
    for (const word of subjectLines.split('\r\n ')) expect(word.length).toBeLessThanOrEqual(75)
  })

  it('has the headers that it should have and no other, whatever subject and text are', () => {
    const wild = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('a\r\nBcc: x@y.example', 'a\nb', 'a\rb', '\r\n\r\nbody', '\ud800'),
    )
    fc.assert(
      fc.property(wild, wild, (subject, text) => {
        const raw = formatMessage({ ...message, subject, text })
        expect(readMail(raw).headers.map(([name]) => name)).toEqual(HEADERS)
        expect(raw).toMatch(/^[\t\r\n\x20-\x7e]*$/)
        expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
      }),
    )
  })
})

describe('An address', () => {
  it.each(['alice@mail.example', 'a.b+tag@sub.mail.example', "o'neil_1@x-y.example"])(
    'such as %s can be written to',
    (address) => {
      expect(addressProblem(address)).toBeNull()
    },
  )

  it.each([
    'alice@mail.example\r\nDATA',
    'alice@mail.example\n',
    'alice@mail.example>',
    'alice@mail.example> SIZE=1',
    '<alice@mail.example',
    'a lice@mail.example',
    'alice@mail.example, bob@mail.example',
    '"a b"@mail.example',
    'älice@mail.example',
    'alice@mäil.example',
    'alice@[127.0.0.1]',
    'alice',
    '',
    `${'a'.repeat(65)}@mail.example`,
  ])('such as %j can not', (address) => {
    expect(addressProblem(address)).toContain('characters')
  })
})
