/** @module A path shows the picture that it was made for, and nothing else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { picturePath, readPicturePath } from '../../src/pictures/path.ts'

const key = (id: string, fill: number) => ({ id, bytes: new Uint8Array(32).fill(fill) })
const OLD = key('old', 1)
const NEW = key('new', 2)
const URL_OF_IT = 'https://peertube.example/lazy-static/thumbnails/910dc2bc.jpg'

const base64url = (text: string) => Buffer.from(text).toString('base64url')
const parts = (path: string) => path.split('/').slice(1)

describe('picturePath', () => {
  it.each(['thumbnails', 'avatars'] as const)(
    'makes a path of %s from which the URL is read',
    async (kind) => {
      const path = await picturePath([NEW], kind, URL_OF_IT)
      expect(path).toMatch(new RegExp(`^/lazy-static/${kind}/[A-Za-z0-9_-]{43}/[A-Za-z0-9_-]+$`))
      expect(await readPicturePath([NEW], path)).toBe(URL_OF_IT)
    },
  )

  it('gives a picture the same path each time', async () => {
    const first = await picturePath([NEW], 'thumbnails', URL_OF_IT)
    expect(await picturePath([{ ...NEW }], 'thumbnails', URL_OF_IT)).toBe(first)
  })

  it('reads back any URL of an event, escaped, up to the longest', async () => {
    const longest = `https://h.example/${'a'.repeat(1_000 - 'https://h.example/'.length)}`
    for (const url of [longest, 'https://h.example/ü 火?a=b&c=%2F#d', 'http://[::1]:9000/x.png']) {
      const path = await picturePath([NEW], 'avatars', url)
      expect(await readPicturePath([NEW], path)).toBe(new URL(url).href)
      // No escapes, so that nothing on the way makes another path of it.
      expect(new URL(path, 'https://tubewire.example').pathname).toBe(path)
    }
  })

  it.each([
    ['too long', `https://h.example/${'a'.repeat(1_000)}`],
    ['too long once it is escaped', `https://h.example/${'火'.repeat(200)}`],
    ['of another protocol', 'javascript:alert(1)'],
    ['no URL', '/lazy-static/thumbnails/a.jpg'],
  ])('makes none of a URL that is %s', async (_name, url) => {
    await expect(picturePath([NEW], 'thumbnails', url)).rejects.toThrow("a picture's URL must be")
  })
})

describe('readPicturePath', () => {
  it('reads paths of before a rotation, as long as the old key is in the ring', async () => {
    const path = await picturePath([OLD], 'thumbnails', URL_OF_IT)
    expect(await readPicturePath([NEW, OLD], path)).toBe(URL_OF_IT)
    expect(await picturePath([NEW, OLD], 'thumbnails', URL_OF_IT)).toBe(
      await picturePath([NEW], 'thumbnails', URL_OF_IT),
    )
    expect(await readPicturePath([NEW], path)).toBeNull()
  })

  it('takes no signature of the encryption key itself', async () => {
    const raw = await crypto.subtle.importKey('raw', NEW.bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
    ])
    const text = new TextEncoder().encode(`thumbnails ${URL_OF_IT}`)
    const signature = Buffer.from(await crypto.subtle.sign('HMAC', raw, text)).toString('base64url')
    const path = `/lazy-static/thumbnails/${signature}/${base64url(URL_OF_IT)}`
    expect(await readPicturePath([NEW], path)).toBeNull()
  })

  it.each<[string, (path: string) => string]>([
    ['another kind', (path) => path.replace('/thumbnails/', '/avatars/')],
    ['a kind that there is not', (path) => path.replace('/thumbnails/', '/previews/')],
    [
      'another URL',
      (path) => {
        const [root, kind, signature] = parts(path)
        return `/${root}/${kind}/${signature}/${base64url('https://169.254.169.254/latest/meta-data')}`
      },
    ],
    ['a longer URL', (path) => `${path}${base64url('xyz')}`],
    ['a truncated URL', (path) => path.slice(0, -4)],
    ['no URL', (path) => path.slice(0, path.lastIndexOf('/') + 1)],
    ['a truncated signature', (path) => path.replace(/(\/thumbnails\/[\w-]{42})[\w-]/, '$1')],
    ['no signature', (path) => path.replace(/\/thumbnails\/[\w-]{43}/, '/thumbnails')],
    [
      'a signature of zeros',
      (path) => path.replace(/\/thumbnails\/[\w-]{43}/, `/thumbnails/${'A'.repeat(43)}`),
    ],
    ['padding', (path) => `${path}=`],
    ['a line end', (path) => `${path}\n`],
    ['something before it', (path) => `/api${path}`],
    ['something behind it', (path) => `${path}/x.jpg`],
    ['the query', (path) => `${path}?download`],
    ['a megabyte', (path) => path + 'A'.repeat(1_000_000)],
  ])('is not taken in by %s', async (_name, change) => {
    const path = await picturePath([NEW], 'thumbnails', URL_OF_IT)
    expect(change(path)).not.toBe(path)
    expect(await readPicturePath([NEW], change(path))).toBeNull()
  })

  it('reads no path in which one character is another, not even of those that decode alike', async () => {
    const path = await picturePath([NEW], 'thumbnails', URL_OF_IT)
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/.=+%']
    const changes = fc.record({ at: fc.nat(path.length - 1), to: fc.constantFrom(...alphabet) })
    await fc.assert(
      fc.asyncProperty(changes, async ({ at, to }) => {
        fc.pre(path[at] !== to)
        expect(await readPicturePath([NEW], path.slice(0, at) + to + path.slice(at + 1))).toBeNull()
      }),
      { numRuns: 500 },
    )
    // The last character of the signature has two bits that no byte needs: each of the four is tried.
    const end = path.indexOf('/', '/lazy-static/thumbnails/'.length) - 1
    for (const to of alphabet.filter((one) => one !== path[end])) {
      expect(await readPicturePath([NEW], path.slice(0, end) + to + path.slice(end + 1))).toBeNull()
    }
  })
})
