/**
 * @module What kind of picture some bytes are, by their beginning: what a server says of them, or a name, can be anything.
 * Only what is made of pixels. An SVG is a document that may run scripts.
 */

export type RasterType = 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp' | 'image/avif'

/**
 * The type of a picture, or null for everything else. It must be sent with `X-Content-Type-Options: nosniff`: what begins
 * as a picture may go on as a page, and is harmless as long as a browser takes our word for it.
 */
export function rasterType(bytes: Uint8Array): RasterType | null {
  // Each byte a character, so that a signature reads as it is written.
  const start = String.fromCharCode(...bytes.subarray(0, MAX_FILE_TYPE_BOX))
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'image/gif'
  if (start.startsWith('RIFF') && start.startsWith('WEBPVP', 8)) return 'image/webp'
  return isAvif(bytes, start) ? 'image/avif' : null
}

/** Many brands; a real one has some four. */
const MAX_FILE_TYPE_BOX = 256

/** An ISO media file (ISO/IEC 14496-12, 4.3) that is of AVIF's brand, a picture or a sequence of them, among others. */
function isAvif(bytes: Uint8Array, start: string): boolean {
  if (!start.startsWith('ftyp', 4)) return false
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  if (length > start.length) return false
  const brands = [start.slice(8, 12), ...(start.slice(16, length).match(/.{4}/gs) ?? [])]
  return brands.some((brand) => brand === 'avif' || brand === 'avis')
}
