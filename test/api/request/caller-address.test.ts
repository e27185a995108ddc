import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callerAddress } from '../../../src/api/request/caller-address.ts'

const from = (headers: Record<string, string>, header: string | null = 'CF-Connecting-IP') =>
  callerAddress(new Request('https://tubewire.example/', { headers }), header)
const of = (address: string) => from({ 'cf-connecting-ip': address })

describe('The address of a caller', () => {
  it.each([
    ['IPv4', '203.0.113.7', '203.0.113.7'],
    ['IPv4 with spaces around it, which headers lose', ' 203.0.113.7 ', '203.0.113.7'],
    ['IPv4-mapped IPv6', '::ffff:203.0.113.7', '203.0.113.7'],
    ['IPv4-mapped IPv6, uppercase', '::FFFF:203.0.113.7', '203.0.113.7'],
    ['IPv4-mapped IPv6 in hexadecimal', '::ffff:cb00:7107', '203.0.113.7'],
    ['IPv4-mapped IPv6 in full', '0000:0000:0000:0000:0000:ffff:203.000.113.7', 'unknown'],
    [
      'IPv4-mapped IPv6 of the greatest length',
      '0000:0000:0000:0000:0000:ffff:203.100.113.199',
      '203.100.113.199',
    ],
    ['IPv6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['another of its /64', '2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['the next /64', '2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['IPv6, uppercase', '2001:DB8:A:B::1', '2001:db8:a:b::/64'],
    ['IPv6 with leading zeros', '2001:0db8:000a:000b:0000:0000:0000:0001', '2001:db8:a:b::/64'],
    ['IPv6 with zeros inside', '2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['IPv6 that ends in an IPv4 address', '2001:db8:1:2::203.0.113.7', '2001:db8:1:2::/64'],
    ['the loopback', '::1', '::/64'],
    ['an empty IPv6 address', '::', '::/64'],
  ])('%s: %s is %s', (_name, address, expected) => {
    expect(of(address)).toBe(expected)
  })

  it.each([
    ['nothing', ''],
    ['a word', 'localhost'],
    ['brackets', '[2001:db8::1]'],
    ['brackets and a port', '[2001:db8::1]:443'],
    ['a port', '203.0.113.7:443'],
    ['a zone', 'fe80::1%eth0'],
    ['a zone on an IPv4 address', '::ffff:203.0.113.7%1'],
    ['a network', '2001:db8::/64'],
    ['two addresses', '203.0.113.7, 203.0.113.8'],
    ['octal', '010.0.0.1'],
    ['octal in a mapped address', '::ffff:010.0.0.1'],
    ['hexadecimal', '0xcb.0.113.7'],
    ['a short form', '127.1'],
    ['a number', '2130706433'],
    ['hexadecimal digits alone', 'dead'],
    ['too great a number', '256.0.0.1'],
    ['too few numbers', '203.0.113'],
    ['too many groups', '1:2:3:4:5:6:7:8:9'],
    ['two gaps', '2001::db8::1'],
    ['a group that is too long', '2001:0db80::1'],
    ['three colons', ':::'],
    ['one colon', ':'],
    ['an IPv4 address in the wrong place', '2001:db8:203.0.113.7::1'],
    ['an IPv4 address after one group', '1:203.0.113.7'],
    ['a minus', '-1.0.0.1'],
    ['a path', '../../caller:usr_administrator'],
    ['digits of another script', '\u00b2\u00b3.0.0.1'],
    ['100 KB of one digit', '1'.repeat(100_000)],
    ['100 KB of groups', 'a:'.repeat(50_000)],
    ['100 KB of zeros before an address', `${'0'.repeat(100_000)}::1`],
  ])('%s is unknown', (_name, address) => {
    expect(of(address)).toBe('unknown')
  })

  it('is local when nobody says', () => {
    expect(from({})).toBe('local')
  })

  it('is not what the caller says of itself', () => {
    const invented = {
      'x-forwarded-for': '198.51.100.1',
      forwarded: 'for=198.51.100.2',
      'x-real-ip': '198.51.100.3',
    }
    expect(from(invented)).toBe('local')
    expect(from({ ...invented, 'cf-connecting-ip': '203.0.113.7' })).toBe('203.0.113.7')
  })

  it('is read from the header that the operator names, or from none', () => {
    const headers = { 'x-real-ip': '198.51.100.3', 'cf-connecting-ip': '203.0.113.7' }
    expect(from(headers, 'X-Real-IP')).toBe('198.51.100.3')
    expect(from(headers, null)).toBe('local')
    // What a proxy appended to, the caller has begun.
    expect(from({ 'x-forwarded-for': '198.51.100.1, 203.0.113.7' }, 'X-Forwarded-For')).toBe('unknown')
  })

  it('is the same for all of a /64 and for nobody else, however it is written', () => {
    const groups = fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 4 })
    const long = (numbers: number[]) => numbers.map((group) => group.toString(16).padStart(4, '0')).join(':')
    const short = (numbers: number[]) => new URL(`http://[${long(numbers)}]`).hostname.slice(1, -1)
    fc.assert(
      fc.property(groups, groups, groups, groups, (network, otherNetwork, host, otherHost) => {
        const caller = of(long([...network, ...host]))
        expect(of(short([...network, ...otherHost]).toUpperCase())).toBe(caller)
        const isSame = long(network) === long(otherNetwork)
        expect(of(long([...otherNetwork, ...host])) === caller).toBe(isSame)
      }),
    )
  })

  it('is an address in plain letters or a word of ours, whatever is sent', () => {
    const latin1 = fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    })
    const alike = fc.stringMatching(/^[0-9a-fxA-F:.%[\]/]{0,60}$/)
    fc.assert(
      fc.property(fc.oneof(latin1, alike, fc.ipV4Extended(), fc.ipV6()), (address) => {
        expect(of(address)).toMatch(/^(unknown|\d+\.\d+\.\d+\.\d+|[0-9a-f:]{2,21}\/64)$/)
      }),
    )
  })
})
