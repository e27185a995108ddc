/** @module A body of bounded length. */

/** The body, or null when it is longer than `maxBytes`: then the rest is not read. */
export async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) return null
    chunks.push(chunk)
  }
  return join(chunks, size)
}

/**
 * The first `maxBytes` of a body, or as many of them as came before it broke off: never throws. The rest is not read, and its
 * connection is given up. Of a compressed body the bytes are counted as they are unpacked.
 */
export async function readBeginning(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = body?.getReader()
  try {
    while (reader && size < maxBytes) {
      const { done, value } = await reader.read()
      // There is nothing left to cancel.
      if (done) return join(chunks, size)
      size += value.byteLength
      chunks.push(value)
    }
  } catch {
    // The connection was lost, the time is over, or it can't be unpacked: what came is the beginning all the same.
  }
  // Of a body that broke, there is nothing to cancel.
  await reader?.cancel().catch(() => undefined)
  return join(chunks, size).subarray(0, maxBytes)
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
