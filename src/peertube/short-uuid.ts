/** @module UUIDs as PeerTube's links write them: the same 128 bits in base 58. */

/** Flickr's: without the characters that look like others. */
const ALPHABET = '123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ'
const BASE = BigInt(ALPHABET.length)
/** What 128 bits take at most. */
const LENGTH = 22

/** The UUID that a short one stands for, in lower case, or null when it stands for none. */
export function uuidOf(shortUUID: string): string | null {
  if (shortUUID === '' || shortUUID.length > LENGTH) return null
  let bits = 0n
  for (const character of shortUUID) {
    const digit = ALPHABET.indexOf(character)
    if (digit < 0) return null
    bits = bits * BASE + BigInt(digit)
  }
  const hex = bits.toString(16).padStart(32, '0')
  if (hex.length > 32) return null
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** The short form of a UUID, or null when it is none. */
export function shortUuidOf(uuid: string): string | null {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) return null
  let bits = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let short = ''
  for (; bits > 0n; bits /= BASE) short = ALPHABET.charAt(Number(bits % BASE)) + short
  return short.padStart(LENGTH, ALPHABET.charAt(0))
}

/** The UUID that an id of a video stands for, long or short, in lower case; or null when it is another one, or none. */
export function uuidOfId(id: string): string | null {
  if (shortUuidOf(id) !== null) return id.toLowerCase()
  return id.length === LENGTH ? uuidOf(id) : null
}
