/** @module Opaque ids: a prefix that says what it is, and 96 random bits. */

type Prefix =
  | 'ins'
  | 'src'
  | 'ep'
  | 'sub'
  | 'poll'
  | 'run'
  | 'rpl'
  | 'usr'
  | 'key'
  | 'ses'
  | 'req'
  | 'mail'
  | 'con'
  | 'ver'
  | 'chl'
  | 'feed'
  | 'hub'
  | 'csm'
  | 'lse'
  | 'evt_test'

/** @example newId('ep') // 'ep_9f86d081884c7d659a2feaa0' */
export function newId(prefix: Prefix): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return `${prefix}_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
