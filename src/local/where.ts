/** @module Which service a command line means, and with what key: the same options for all programs that ask one. */
import * as v from 'valibot'
import { type CommandLine, hintOf, httpUrl, wholeNumber } from './command-line.ts'
import { Mistake } from './mistake.ts'

/** Which service is asked; null: the one on this machine. */
export type Where = { url: URL | null; key: string | null; port: number }

/** The options, as Node parses them. */
export const WHERE_OPTIONS = {
  url: { type: 'string' },
  key: { type: 'string' },
  port: { type: 'string' },
  help: { type: 'boolean' },
} as const

/** What they may be. */
export const WHERE_VALUES = {
  url: v.optional(httpUrl),
  key: v.optional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/, 'must be an API key'))),
  port: v.optional(wholeNumber(1, 65_535), '8787'),
  help: v.optional(v.boolean(), false),
}
export type WhereValues = { url?: URL | undefined; key?: string | undefined; port: number }

const THIS_MACHINE = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** @throws Mistake for a URL without a key, or one that a key must not be sent to. */
export function whereOf(
  values: WhereValues,
  environment: Record<string, string | undefined>,
  line: CommandLine,
): Where {
  const { url = null, port } = values
  // Empty and unset are the same.
  const key = values.key ?? (environment['TUBEWIRE_KEY'] || null)
  if (url && key === null)
    throw new Mistake(`--url needs a --key of that Tubewire, or TUBEWIRE_KEY; ${hintOf(line)}`)
  if (url?.protocol === 'http:' && !THIS_MACHINE.test(url.hostname))
    throw new Mistake(`${url.origin}: the key would go there unencrypted; use https://`)
  return { url, key, port }
}
