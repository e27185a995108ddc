/** @module The short form of a UUID: the same number in base 58, with flickr's alphabet, as PeerTube writes it. */

const ALPHABET = '123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ'
const DIGITS = 22
const BASE = 58
/** So many digits at once: as many as an ordinary number can hold. */
const CHUNK_DIGITS = 8
const CHUNK = BigInt(BASE) ** BigInt(CHUNK_DIGITS)

/** @returns always 22 characters. */
export function shortUuid(uuid: string): string {
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let text = ''
  while (text.length < DIGITS) {
    let chunk = Number(rest % CHUNK)
    rest /= CHUNK
    for (let digit = 0; digit < CHUNK_DIGITS && text.length < DIGITS; digit += 1) {
      text = ALPHABET[chunk % BASE] + text
      chunk = Math.floor(chunk / BASE)
    }
  }
  return text
}
