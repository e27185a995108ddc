/**
 * @module The pictures that have been fetched, in KV: near to every viewer, and gone by themselves. What one place of the world
 * has stored may be unknown to another for a minute, so a picture that is not here may be known all the same: the one
 * place that knows is its `PictureLoader`.
 */
import type { RasterType } from '../pictures/raster.ts'

/** A picture, or why there is none. */
export type KnownPicture =
  /** `etag` is a strong one, with its quotes: of the bytes. */
  | { kind: 'picture'; bytes: Uint8Array; type: RasterType; etag: string }
  /** It is not asked for again before `until`, milliseconds since the epoch. */
  | { kind: 'missing'; reason: string; until: number }

/** What KV keeps beside the bytes, of which a missing picture has none. */
type Metadata = { type: RasterType; etag: string } | { reason: string; until: number }

/** An instance names a changed picture anew, so this is only how long one is kept that may never be looked at again. */
const PICTURE_SECONDS = 30 * 86_400
/** KV keeps nothing for a shorter time. */
const MIN_SECONDS = 60

/** What is known of a picture. @returns null when nothing is, or nothing any more. */
export async function readPictureCache(
  cache: KVNamespace,
  key: string,
  now: number,
): Promise<KnownPicture | null> {
  const { value, metadata } = await cache.getWithMetadata<Metadata>(key, 'arrayBuffer')
  if (value === null || metadata === null) return null
  if ('type' in metadata) return { kind: 'picture', bytes: new Uint8Array(value), ...metadata }
  return metadata.until > now ? { kind: 'missing', ...metadata } : null
}

/** Keeps a picture for a month, or that there is none for as long as it says. */
export async function writePictureCache(
  cache: KVNamespace,
  key: string,
  known: KnownPicture,
  now: number,
): Promise<void> {
  if (known.kind === 'picture') {
    const { bytes, type, etag } = known
    const metadata: Metadata = { type, etag }
    await cache.put(key, bytes, { metadata, expirationTtl: PICTURE_SECONDS })
    return
  }
  const { reason, until } = known
  const metadata: Metadata = { reason, until }
  const expirationTtl = Math.max(MIN_SECONDS, Math.ceil((until - now) / 1000))
  await cache.put(key, '', { metadata, expirationTtl })
}
