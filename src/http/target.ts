/** @module Where Tubewire may send a request: public hosts over https. The platform's `global_fetch_strictly_public` is the floor. */
import ipaddr from 'ipaddr.js'

const LOCAL_SUFFIXES = ['localhost', 'local', 'internal', 'onion', 'home.arpa', 'lan']

/** All that has been given out of IPv6 (RFC 4291, 2.4). Outside of it are the old "IPv4-compatible" addresses, too. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3')

/**
 * Why a URL may not be asked or posted to, or null when it may.
 *
 * @param url parsed by `URL`, which has already turned every notation of an IPv4 address (octal, hexadecimal, decimal,
 * short, full-width digits) into dotted decimals.
 * @param allowLocal on a laptop: http, and loopback or private addresses.
 * @example targetProblem(new URL('http://10.0.0.1'), {allowLocal: false}) // 'must be https and public (got http://10.0.0.1)'
 */
export function targetProblem(url: URL, options: { allowLocal: boolean }): string | null {
  if (url.username || url.password) return 'must not carry a user or a password'
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:'
  if (options.allowLocal) return isWeb ? null : `must be http or https (got ${url.protocol.slice(0, 50)})`

  const shown = isWeb ? url.origin.slice(0, 200) : url.protocol.slice(0, 50)
  if (url.protocol !== 'https:') return `must be https and public (got ${shown})`
  if (url.port !== '' && Number(url.port) < 1024) {
    return `must use the default port or one above 1023 (got ${shown})`
  }
  return isPublic(url.hostname) ? null : `must be https and public (got ${shown})`
}

function isPublic(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')
  if (ipaddr.isValid(host)) {
    const address = ipaddr.process(host)
    const isGlobal = address.kind() === 'ipv4' || address.match(GLOBAL_IPV6)
    return isGlobal && address.range() === 'unicast'
  }
  // A name without a dot resolves, if at all, in the network we are in.
  return (
    host.includes('.') && !LOCAL_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))
  )
}
