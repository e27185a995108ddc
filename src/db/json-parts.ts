/** @module Long lists as parameters of statements. */

/** D1 takes 2 MB in a parameter. */
const MAX_PARAMETER_BYTES = 1_000_000

/** A list as JSON arrays, in order, each of at most so many bytes unless one item alone is longer: D1 takes 2 MB in a parameter. */
export function jsonParts(items: readonly unknown[], maxBytes = MAX_PARAMETER_BYTES): string[] {
  const encoder = new TextEncoder()
  const parts: string[][] = []
  let size = Number.POSITIVE_INFINITY
  for (const item of items) {
    const json = JSON.stringify(item)
    const bytes = encoder.encode(json).byteLength + 1
    if (size + bytes > maxBytes) {
      parts.push([])
      size = 1
    }
    size += bytes
    parts.at(-1)?.push(json)
  }
  return parts.map((part) => `[${part.join()}]`)
}
