import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rasterType } from '../../src/pictures/raster.ts'
import { picture } from '../simulator/pictures.ts'

const SCRIPT = '<script>alert(document.domain)</script>'
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  )
/** A box of an ISO media file that names its brands. */
const fileType = (...brands: string[]) =>
  bytes([0, 0, 0, 12 + 4 * brands.length], 'ftyp', brands[0] ?? '', [0, 0, 0, 0], ...brands.slice(1))

describe('rasterType', () => {
  it.each([
    ['jpg', 'image/jpeg'],
    ['png', 'image/png'],
    ['gif', 'image/gif'],
    ['webp', 'image/webp'],
    ['avif', 'image/avif'],
  ] as const)('knows a real %s', (ending, type) => {
    expect(rasterType(picture(ending, ''))).toBe(type)
    // Wherever it lies in the memory.
    expect(rasterType(bytes('xxx', picture(ending, '').toString('latin1')).subarray(3))).toBe(type)
  })

  it.each([
    ['a GIF of 1987', bytes('GIF87a', [1, 0, 1, 0]), 'image/gif'],
    ['an AVIF that is a HEIF first', fileType('mif1', 'miaf', 'avif'), 'image/avif'],
    ['a sequence of AVIF', fileType('msf1', 'avis', 'iso8'), 'image/avif'],
    // Shown as what they begin with, and as nothing else: the answer forbids a browser to guess.
    ['a GIF that goes on as a script', bytes(`GIF89a/*`, SCRIPT), 'image/gif'],
    ['a JPEG that goes on as a page', bytes([0xff, 0xd8, 0xff, 0xfe], SCRIPT), 'image/jpeg'],
  ])('tells %s by its beginning', (_name, start, type) => {
    expect(rasterType(start)).toBe(type)
  })

  it.each([
    ['nothing', bytes()],
    ['one byte', bytes([0xff])],
    ['SVG', bytes('<svg xmlns="http://www.w3.org/2000/svg">', SCRIPT, '</svg>')],
    ['SVG with its declaration', bytes('<?xml version="1.0"?><svg/>')],
    ['SVG in UTF-16', bytes([0xff, 0xfe, 0x3c, 0, 0x73, 0, 0x76, 0, 0x67, 0])],
    ['HTML', bytes('<!doctype html>', SCRIPT)],
    ['HTML before a PNG', bytes(SCRIPT, picture('png', '').toString('latin1'))],
    ['a space before a GIF', bytes(' GIF89a')],
    ['PDF', bytes('%PDF-1.7')],
    ['JavaScript', bytes('alert(1)')],
    ['a BMP', bytes('BM', [0x46, 0, 0, 0])],
    ['an icon', bytes([0, 0, 1, 0, 1, 0])],
    ['a TIFF', bytes('II*', [0])],
    ['a JPEG XL', bytes([0xff, 0x0a])],
    ['a WAV, a RIFF as WebP is', bytes('RIFF', [0x24, 0, 0, 0], 'WAVEfmt ')],
    ['a video', fileType('isom', 'iso2', 'avc1', 'mp41')],
    ['a HEIC', fileType('heic', 'mif1', 'miaf')],
    ['a video that has "avif" behind its brands', bytes(fileType('isom').toString('latin1'), 'avif')],
    ['a box of brands that is longer than the file', bytes([0, 0, 1, 0], 'ftypavif')],
    ['a GIF in capitals only', bytes('GIF89A')],
    ['the beginning of a PNG, cut off', bytes([0x89], 'PNG')],
  ])('knows nothing of %s', (_name, start) => {
    expect(rasterType(start)).toBeNull()
  })

  it('never throws, and calls no text a picture', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (some) => void rasterType(some)))
    fc.assert(
      fc.property(fc.constantFrom('<', ' ', '{', '%', '/', '\n'), fc.string(), (first, rest) => {
        expect(rasterType(new TextEncoder().encode(first + rest))).toBeNull()
      }),
    )
  })
})
