/**
 * @module A mail as it goes over the wire (RFC 5322, MIME): ASCII in short lines, whatever is in subject and text.
 *
 * No value can begin a header of its own: control characters in the subject become spaces, addresses with any are refused.
 */
import { Buffer } from 'node:buffer'

/** What is written on a mail. */
export type Message = {
  /** The sender's address. */
  from: string
  recipient: string
  subject: string
  text: string
  /** The same each time it is sent: by it a mailbox knows a mail that came twice. */
  id: string
  /** Milliseconds since the epoch. */
  date: number
}

/** Why an address can't be written to, or null when it can: plain ASCII, without the quoting that nobody uses. */
export function addressProblem(address: string): string | null {
  const isPlain = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z\d.-]{1,255}$/i.test(address)
  return isPlain ? null : 'the mail address has characters that mail does not carry everywhere'
}

/** The domain of an address. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}

/** The sender as people see him. */
export function sender(from: string): string {
  return `Tubewire <${from}>`
}

/**
 * The whole mail, lines ending in CRLF.
 * @param message addresses that `addressProblem` has nothing against.
 */
export function formatMessage({ from, recipient, subject, text, id, date }: Message): string {
  const body = encodeBody(text)
  return [
    `From: ${sender(from)}`,
    `To: ${recipient}`,
    `Subject: ${encodeHeader(subject)}`,
    `Date: ${new Date(date).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@${domainOf(from)}>`,
    // RFC 3834: so that no answering machine answers.
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Transfer-Encoding: ${body.encoding}`,
    '',
    body.text,
    '',
  ].join('\r\n')
}

/** Plain ASCII goes as it is, so that it can be read anywhere; what mail may not carry so goes as base64. */
function encodeBody(text: string): { encoding: '7bit' | 'base64'; text: string } {
  const lines = text.split(/\r\n|\r|\n/)
  // RFC 5322, 2.1.1: no line is longer than 998 characters.
  if (lines.every((line) => /^[\t\x20-\x7e]{0,998}$/.test(line)))
    return { encoding: '7bit', text: lines.join('\r\n') }
  const base64 = Buffer.from(lines.join('\r\n')).toString('base64')
  return { encoding: 'base64', text: base64.replace(/.{76}(?=.)/g, '$&\r\n') }
}

/** RFC 2047: what isn't short and ASCII becomes encoded words, each of whole characters and at most 75 long. */
function encodeHeader(value: string): string {
  const line = value.replace(/\p{Cc}+/gu, ' ')
  if (/^[\x20-\x7e]{0,60}$/.test(line) && !line.includes('=?')) return line
  const words: string[] = ['']
  for (const character of line) {
    const longer = words.at(-1) + character
    // 45 bytes are 60 characters of base64, and the frame is 12.
    if (Buffer.byteLength(longer) <= 45) words[words.length - 1] = longer
    else words.push(character)
  }
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ')
}
