/** @module A mail as its reader's program sees it: headers unfolded and decoded, the text as it was written. */
import { Buffer } from 'node:buffer'

export type ReadMail = { headers: [name: string, value: string][]; text: string }

/** @param raw as it went over the wire, each byte a character. */
export function readMail(raw: string): ReadMail {
  const end = raw.indexOf('\r\n\r\n')
  const headers = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), decodeWords(line.slice(colon + 1).trim())]
    })
  const encoding = header({ headers }, 'Content-Transfer-Encoding')
  const body = raw.slice(end + 4).replace(/\r\n$/, '')
  const bytes = Buffer.from(body, encoding === 'base64' ? 'base64' : 'latin1')
  return { headers, text: bytes.toString('utf8') }
}

/** The value of a header that is there once. */
export function header({ headers }: Pick<ReadMail, 'headers'>, name: string): string {
  const found = headers.filter(([one]) => one === name)
  if (found.length !== 1) throw new Error(`${found.length} headers ${name}`)
  return found[0]?.[1] ?? ''
}

/** RFC 2047: the space between two encoded words is not part of the text. */
function decodeWords(value: string): string {
  return value
    .replace(/\?= (?==\?)/g, '?=')
    .replace(/=\?utf-8\?B\?([A-Za-z0-9+/=]*)\?=/g, (_, base64: string) =>
      // A word that ends within a character would come out broken here, as it should.
      Buffer.from(base64, 'base64').toString('utf8'),
    )
}
