/**
 * @module Where this Tubewire shows a picture of an instance: the picture's URL in the path, and a signature over it, so that
 * it fetches what an event named and nothing that a caller thinks of. Such a path never ends: feeds keep it for years.
 */
import { Buffer } from 'node:buffer'
import type { KeyRing } from '../secrets.ts'

/** As PeerTube calls them. */
export type PictureKind = 'thumbnails' | 'avatars'

/** As long as a URL of an event may be (src/peertube/videos.ts). */
const MAX_URL_LENGTH = 1_000

/** A signature is 32 bytes, a URL at most 1,000, both base64url. */
const PATH = /^\/lazy-static\/(thumbnails|avatars)\/([\w-]{43})\/([\w-]{1,1334})$/

/** An encryption key signs nothing itself: each use of it has a key of its own, and this is the name of ours. */
const PURPOSE = 'tubewire: paths of pictures'

/** Derived once: a page of events has a hundred pictures. Keys, not promises of them, for a promise belongs to one request. */
const derived = new WeakMap<KeyRing[number], CryptoKey>()

/**
 * The path that shows a picture, signed with the newest key.
 * @param url absolute, http or https, at most 1,000 characters once escaped.
 * @throws Error when the URL is another: events have none such.
 * @example await picturePath(keys, 'thumbnails', url) // '/lazy-static/thumbnails/3kD…/aHR0cHM6Ly9…'
 */
export async function picturePath(keys: KeyRing, kind: PictureKind, url: string): Promise<string> {
  const [newest] = keys
  if (!newest) throw new Error('there is no encryption key')
  // Escaped, and so of ASCII alone.
  const { href, protocol } = URL.parse(url) ?? {}
  if (!href || !/^https?:$/.test(protocol ?? '') || href.length > MAX_URL_LENGTH) {
    throw new Error(`a picture's URL must be http or https, and at most ${MAX_URL_LENGTH} characters long`)
  }
  const signature = await crypto.subtle.sign('HMAC', await signingKey(newest), signed(kind, href))
  return `/lazy-static/${kind}/${Buffer.from(signature).toString('base64url')}/${Buffer.from(href).toString('base64url')}`
}

/**
 * The URL in a path that `picturePath` made with one of the keys, old ones too.
 * @param path of a request, without its query.
 * @returns null for every other path.
 */
export async function readPicturePath(keys: KeyRing, path: string): Promise<string | null> {
  const [, kind = '', signatureText = '', urlText = ''] = PATH.exec(path) ?? []
  const signature = decode(signatureText)
  const url = decode(urlText)?.toString()
  if (!signature || !url) return null
  for (const key of keys) {
    // Takes the same time wherever the signatures differ.
    if (await crypto.subtle.verify('HMAC', await signingKey(key), signature, signed(kind, url))) return url
  }
  return null
}

/** What is signed. No kind has a space in it, so none can spill into the URL. */
function signed(kind: string, url: string): Uint8Array {
  return new TextEncoder().encode(`${kind} ${url}`)
}

/** Null for what is no base64url, or not in its one canonical form: a picture has one path. */
function decode(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.byteLength > 0 && bytes.toString('base64url') === text ? bytes : null
}

/** HKDF (RFC 5869) of an encryption key, for HMAC-SHA-256. */
async function signingKey(key: KeyRing[number]): Promise<CryptoKey> {
  const known = derived.get(key)
  if (known) return known
  const secret = await crypto.subtle.importKey('raw', key.bytes, 'HKDF', false, ['deriveKey'])
  const made = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new TextEncoder().encode(PURPOSE) },
    secret,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign', 'verify'],
  )
  derived.set(key, made)
  return made
}
