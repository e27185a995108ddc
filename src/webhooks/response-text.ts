/** @module What a subscriber answered, as text: to read whole, or to keep and show a little of it. Pure. */

/** What is kept of an answer. */
const MAX_KEPT_BYTES = 1024

/** Neither to be shown as text, whatever their bytes are. SVG among them: it is a picture. */
const BINARY_TYPE =
  /^(?:(?:audio|font|image|model|video)\/|application\/(?:octet-stream|pdf|wasm|zip|gzip)\b)/i
const TEXT_TYPE =
  /^(?:text\/|application\/(?:[\w.+-]+\+)?(?:json|xml|yaml|javascript|x-ndjson|x-www-form-urlencoded)\b)/i
/** The old Western charsets, which are all read as the largest of them: https://encoding.spec.whatwg.org/#names-and-labels */
const WESTERN = /;\s*charset\s*=\s*"?(?:iso-8859-1|latin1|windows-1252)\b/i
/** What `fetch` unpacks. Anything else comes as it was packed. */
const UNPACKED = /^(?:identity|gzip|x-gzip|br)$/i

/**
 * Control characters but the line feed and the tab (NUL ends a text in SQLite, ESC speaks to a terminal), and those that turn the
 * direction of text: they make a reader see something else than what is there.
 */
const UNSAFE = /(?![\n\t])\p{Cc}|\p{Bidi_Control}/gu

/**
 * The beginning of an answer's body, as text that is safe to store, and to show where it is escaped: at most 1,024 bytes of UTF-8,
 * cut between two characters.
 * @param bytes that were read, after `fetch` has unpacked them.
 * @returns null when there are none; of what is no text how many bytes were read.
 * @example keptResponse(new TextEncoder().encode('Thank you\0'), new Headers()) // 'Thank you'
 */
export function keptResponse(bytes: Uint8Array, headers: Headers): string | null {
  if (bytes.length === 0) return null
  if (isBinary(bytes, headers)) return `binary, ${bytes.length} bytes read`
  // Less than was read, and one byte more than is kept: at the end of it there may be half a character.
  const text = responseText(bytes.subarray(0, MAX_KEPT_BYTES), headers, bytes.length > MAX_KEPT_BYTES)
  const safe = text.replace(UNSAFE, '')
  const { read } = new TextEncoder().encodeInto(safe, new Uint8Array(MAX_KEPT_BYTES))
  return safe.slice(0, read)
}

/**
 * An answer's body as text, as it is: nothing in it is safe. What is no UTF-8 (or, where it says so, no windows-1252) becomes U+FFFD.
 * @param isCut whether more follows: half a character at the end is left out.
 */
export function responseText(bytes: Uint8Array, headers: Headers, isCut = false): string {
  const isWestern = WESTERN.test(headers.get('content-type') ?? '')
  return new TextDecoder(isWestern ? 'windows-1252' : 'utf-8').decode(bytes, { stream: isCut })
}

function isBinary(bytes: Uint8Array, headers: Headers): boolean {
  const encoding = headers.get('content-encoding')?.trim() ?? ''
  if (encoding !== '' && !UNPACKED.test(encoding)) return true
  const type = headers.get('content-type')?.trim() ?? ''
  if (BINARY_TYPE.test(type)) return true
  return !TEXT_TYPE.test(type) && !isUtf8(bytes)
}

/** Whether bytes of an unknown type are text. The end may be missing. */
function isUtf8(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}
