/** @module Where Tubewire may send a request: public hosts over https. The platform's `global_fetch_strictly_public` is the floor. */
import { isAddress, isPublicAddress } from './public-address.ts'
import { isPublicName } from './public-name.ts'

/**
 * Why a URL may not be asked or posted to, or null when nothing in the URL itself speaks against it: what its name resolves to
 * is looked up by `targetCheck`.
 *
 * @param url parsed by `URL`, which has already turned every notation of an IPv4 address (octal, hexadecimal, decimal,
 * short, full-width digits) into dotted decimals, and every name into lower case and punycode.
 * @param options `allowLocal`: on a laptop, http, and loopback or private addresses. `ownHosts`: where Tubewire itself is
 * reached, as `URL.host` has it: no port of such a host may be asked; on a laptop, where much is on one host, not this one.
 * @example targetProblem(new URL('http://10.0.0.1'), {allowLocal: false}) // 'must be https (got http://10.0.0.1)'
 */
export function targetProblem(
  url: URL,
  { allowLocal, ownHosts = [] }: { allowLocal: boolean; ownHosts?: readonly string[] },
): string | null {
  if (url.username || url.password) return 'must not carry a user or a password'
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:'
  const shown = isWeb ? url.origin.slice(0, 200) : url.protocol.slice(0, 50)
  if (!isWeb && allowLocal) return `must be http or https (got ${shown})`
  if (!allowLocal && url.protocol !== 'https:') return `must be https (got ${shown})`
  const part = allowLocal ? withPort : withoutPort
  if (ownHosts.some((host) => part(host) === part(url.host)))
    return `must not be Tubewire's own host (got ${shown})`
  if (allowLocal) return null

  if (url.port !== '' && Number(url.port) < 1024) {
    return `must use the default port or one above 1023 (got ${shown})`
  }
  if (isPublicHost(url)) return null
  const isNumeric = addressOf(url) !== null
  return `must be public, and ${isNumeric ? 'this is a local or reserved address' : 'this is no public name'} (got ${shown})`
}

/** An IP address that a URL has in place of a name, without brackets; null: it has a name. */
export function addressOf({ hostname }: URL): string | null {
  const host = hostname.replace(/^\[|\]$/g, '')
  return isAddress(host) ? host : null
}

function isPublicHost(url: URL): boolean {
  const address = addressOf(url)
  return address === null ? isPublicName(url.hostname) : isPublicAddress(address)
}

/** The root's dot makes no other host of it. */
function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '').replace(/\.+$/, '')
}

/** As `URL` writes them. An IPv4 address that is mapped into IPv6 reaches what listens on the IPv4 address. */
const LOOPBACK =
  /^((.+\.)?localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|\[::ffff:(7f[0-9a-f]{2}:[0-9a-f]{1,4}|0:0)\])$/

/** Of this machine's many names one. */
function withPort(host: string): string {
  const [port = ''] = host.match(/:\d+$/) ?? []
  return `${LOOPBACK.test(withoutPort(host)) ? 'localhost' : withoutPort(host)}${port}`
}
