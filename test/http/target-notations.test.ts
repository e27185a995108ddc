/** @module Every IPv4 address that is not public is refused, however it is written; every other one is not. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { targetProblem } from '../../src/http/target.ts'

function isRefused(text: string): boolean {
  const url = URL.parse(text)
  return url === null || targetProblem(url, { allowLocal: false }) !== null
}

describe('targetProblem of an IPv4 address', () => {
  /** Base and length in bits: IANA's registry of special-purpose addresses, and multicast. */
  const NOT_PUBLIC: readonly (readonly [string, number])[] = [
    ...([
      ['0.0.0.0', 8],
      ['10.0.0.0', 8],
      ['100.64.0.0', 10],
      ['127.0.0.0', 8],
      ['169.254.0.0', 16],
    ] as const),
    ...([
      ['172.16.0.0', 12],
      ['192.0.0.0', 24],
      ['192.0.2.0', 24],
      ['192.31.196.0', 24],
      ['192.52.193.0', 24],
    ] as const),
    ...([
      ['192.88.99.0', 24],
      ['192.168.0.0', 16],
      ['192.175.48.0', 24],
      ['198.18.0.0', 15],
    ] as const),
    ...([
      ['198.51.100.0', 24],
      ['203.0.113.0', 24],
      ['224.0.0.0', 4],
      ['240.0.0.0', 4],
      ['168.63.129.16', 32],
    ] as const),
  ]
  const numberOf = (dotted: string) => dotted.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  const bytesOf = (address: number) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255)
  const dotted = (address: number) => bytesOf(address).join('.')
  const hex = (value: number) => value.toString(16)
  const isInside = (address: number) =>
    NOT_PUBLIC.some(
      ([base, bits]) =>
        Math.floor(address / 2 ** (32 - bits)) === Math.floor(numberOf(base) / 2 ** (32 - bits)),
    )

  const inside = fc
    .constantFrom(...NOT_PUBLIC)
    .chain(([base, bits]) => fc.nat(2 ** (32 - bits) - 1).map((offset) => numberOf(base) + offset))
  const byte = fc.tuple(fc.constantFrom(10, 8, 16), fc.nat(3)).map(([radix, zeros]) => (value: number) => {
    if (radix === 16) return `0x${'0'.repeat(zeros)}${value.toString(16)}`
    return radix === 8 ? `0${'0'.repeat(zeros)}${value.toString(8)}` : String(value)
  })

  const NOTATIONS: Readonly<Record<string, (address: number) => string>> = {
    dotted,
    decimal: String,
    octal: (address) => `0${address.toString(8)}`,
    hexadecimal: (address) => `0x${hex(address)}`,
    'dotted octal': (address) =>
      bytesOf(address)
        .map((value) => `0${value.toString(8)}`)
        .join('.'),
    'dotted hexadecimal': (address) =>
      bytesOf(address)
        .map((value) => `0x${hex(value)}`)
        .join('.'),
    'two numbers': (address) => `${address >>> 24}.${address & 0xff_ffff}`,
    'three numbers': (address) => `${address >>> 24}.${(address >>> 16) & 255}.${address & 0xffff}`,
    'full-width': (address) =>
      dotted(address).replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    'with a dot at the end': (address) => `${dotted(address)}.`,
    mapped: (address) => `[::ffff:${dotted(address)}]`,
    'mapped, in hexadecimal': (address) => `[::ffff:${hex(address >>> 16)}:${hex(address & 0xffff)}]`,
    compatible: (address) => `[::${dotted(address)}]`,
    translated: (address) => `[::ffff:0:${dotted(address)}]`,
    NAT64: (address) => `[64:ff9b::${dotted(address)}]`,
    'local NAT64': (address) => `[64:ff9b:1::${dotted(address)}]`,
    '6to4': (address) => `[2002:${hex(address >>> 16)}:${hex(address & 0xffff)}::1]`,
    ISATAP: (address) => `[2606:4700::5efe:${dotted(address)}]`,
  }

  it.each(Object.entries(NOTATIONS))('refuses every one that is not public, %s', (_name, write) => {
    for (const [base, bits] of NOT_PUBLIC) {
      const ends = [numberOf(base), numberOf(base) + 2 ** (32 - bits) - 1]
      for (const end of ends) expect(isRefused(`https://${write(end)}/`), write(end)).toBe(true)
    }
    fc.assert(
      fc.property(inside, (address) => isRefused(`https://${write(address)}/`)),
      { numRuns: 500 },
    )
  })

  it('refuses every one that is not public, each number in a notation of its own', () => {
    const mixed = fc
      .tuple(inside, fc.tuple(byte, byte, byte, byte))
      .map(([address, writers]) =>
        writers.map((write, index) => write(bytesOf(address)[index] ?? 0)).join('.'),
      )
    fc.assert(
      fc.property(mixed, (host) => isRefused(`https://${host}/`)),
      { numRuns: 2_000 },
    )
  })

  it('allows every other one', () => {
    const outside = fc.nat(2 ** 32 - 1).filter((address) => !isInside(address))
    fc.assert(
      fc.property(outside, (address) => !isRefused(`https://${dotted(address)}/`)),
      { numRuns: 5_000 },
    )
    for (const [base, bits] of NOT_PUBLIC) {
      const beside = [numberOf(base) - 1, numberOf(base) + 2 ** (32 - bits)]
      for (const address of beside) {
        if (address < 0 || address >= 2 ** 32 || isInside(address)) continue
        expect(isRefused(`https://${dotted(address)}/`), dotted(address)).toBe(false)
      }
    }
  })
})
