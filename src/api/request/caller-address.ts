/** @module Where a caller without an account comes from: whom its requests are counted against. */
import ipaddr from 'ipaddr.js'

/** The longest way to write an address: IPv6 with an IPv4 address at its end (RFC 4291, 2.2). */
const MAX_LENGTH = 45

/**
 * The address of a caller, each written in one way only.
 *
 * Cloudflare sets `CF-Connecting-IP` on every request that it hands to a Worker, over whatever the caller sent. No other header
 * is read unless the operator names it: to `X-Forwarded-For`, say, Cloudflare appends, so it begins with whatever the caller
 * likes, and who likes something else each time would never meet a limit.
 *
 * @param header the one that whoever hands requests to us sets himself; null: there is none.
 * @returns an IPv4 address; of an IPv6 address its /64, since a caller owns a whole one at least and may use each address of
 * it once; `local` when nobody says (on a laptop); `unknown` for what is no address: all of these share one limit.
 * @example callerAddress(request, 'CF-Connecting-IP') // '203.0.113.7', or '2001:db8:0:1::/64'
 */
export function callerAddress(request: Request, header: string | null): string {
  const text = header === null ? null : request.headers.get(header)
  if (text === null) return 'local'
  const address = parse(text)
  if (address === null) return 'unknown'
  if (address.kind() === 'ipv4') return address.toString()
  const network = [...address.toByteArray().slice(0, 8), ...new Uint8Array(8)]
  return `${ipaddr.fromByteArray(network)}/64`
}

/** An address as it is on the internet, or null. An IPv4-mapped IPv6 address is the IPv4 address. */
function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  // The length first, so that nothing has to look through 100 KB. A zone (RFC 4007) never leaves its machine.
  if (text.length > MAX_LENGTH || text.includes('%')) return null
  const isIpv6 = text.includes(':')
  const end = text.slice(text.lastIndexOf(':') + 1)
  // Plain decimals only: 010.0.0.1 is one address to some and another to others, and 127.1 or 2130706433 nobody sends.
  if ((!isIpv6 || end.includes('.')) && !ipaddr.IPv4.isValidFourPartDecimal(end)) return null
  return !isIpv6 || ipaddr.IPv6.isValid(text) ? ipaddr.process(text) : null
}
