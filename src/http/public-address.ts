/** @module Which IP addresses are public: given out for hosts of the internet, and for nothing else. */
import ipaddr from 'ipaddr.js'

/**
 * All that has been given out of IPv6 (RFC 4291, 2.4). Outside of it is whatever has an IPv4 address in its last 32 bits:
 * mapped (::ffff:0:0/96), "compatible" (::/96), translated (::ffff:0:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48).
 */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3')

/** What ipaddr.js takes for a host's, and is none that may be asked. */
const FURTHER_RANGES = [
  // The host of an Azure machine, which tells it its settings, under an address that is public by its looks.
  '168.63.129.16/32',
  // 6bone, given back (RFC 3701, 2).
  '3ffe::/16',
].map((range) => ipaddr.parseCIDR(range))

/**
 * Whether an address is a public one: not private, loopback, link-local, shared (RFC 6598), multicast, reserved or for
 * documentation, nor one that stands for another address (6to4, NAT64, Teredo, ISATAP, mapped).
 *
 * @param text an IPv4 address of four decimal numbers, or an IPv6 address without brackets. Whatever else is not public.
 */
export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text)
  if (address?.range() !== 'unicast') return false
  const matches = (range: (typeof FURTHER_RANGES)[number]) =>
    range[0].kind() === address.kind() && address.match(range)
  if (FURTHER_RANGES.some(matches)) return false
  return address.kind() === 'ipv4' || (matches(GLOBAL_IPV6) && !isIsatap(address.toByteArray()))
}

/** Whether a text is an IP address, in the notations of `isPublicAddress`. */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== null
}

function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  // A zone (RFC 4007, 11) is of one machine's network.
  return ipaddr.IPv6.isValid(text) && !text.includes('%') ? ipaddr.IPv6.parse(text) : null
}

/** An IPv4 address behind any prefix: its interface identifier is 00-00-5E-FE or 02-00-5E-FE and the address (RFC 5214, 6.1). */
function isIsatap(bytes: readonly number[]): boolean {
  const [first = 0, ...rest] = bytes.slice(8, 12)
  return (first & ~2) === 0 && rest.join() === '0,94,254'
}
