/** @module Why a source could not be read: what the API shows of its last failure. */
import type { Failure } from '../peertube/client.ts'

/** Each kind with its words for people. */
export const ERROR_KINDS = {
  dns: 'the name of the instance has no address',
  refused: 'nobody listens there',
  tls: 'it has no valid TLS certificate, or does not speak https',
  timeout: 'it did not answer in time',
  unreachable: 'there is no connection, or it was lost',
  redirect: 'it leads elsewhere, where it is not followed',
  http: 'it answered 4xx',
  server: 'it answered 5xx',
  html: 'it answered with a web page where JSON was expected',
  'not-json': 'what it answered is no JSON',
  'too-large': 'its answer is too long',
  schema: 'its answer is not as PeerTube’s are',
  target: 'its address may not be asked by this Tubewire',
  expired: 'the login has ended',
  keys: 'what was encrypted of the login can’t be read with the keys of this Tubewire',
  checkpoint: 'how far it was read is damaged',
  internal: 'an error in Tubewire, which is in its log',
} as const satisfies Record<Failure['reason'], string> & Record<string, string>
export type ErrorKind = keyof typeof ERROR_KINDS

/** The kind of a failure as a row has it. What another version stored is none of the instance's. */
export function errorKindOf(stored: string): ErrorKind {
  return isKind(stored) ? stored : 'internal'
}

function isKind(stored: string): stored is ErrorKind {
  return Object.hasOwn(ERROR_KINDS, stored)
}
