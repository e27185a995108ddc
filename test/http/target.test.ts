import { describe, expect, it } from 'vitest'
import { retryAfter } from '../../src/http/retry-after.ts'
import { targetProblem } from '../../src/http/target.ts'

describe('targetProblem', () => {
  it.each([
    'https://peertube.example/',
    'https://peertube.example:8443/hook?x=1',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
    'https://xn--bcher-kva.example/',
  ])('allows %s', (url) => {
    expect(targetProblem(new URL(url), { allowLocal: false })).toBeNull()
  })

  it.each([
    'http://peertube.example/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://a.localhost/',
    'https://printer.local/',
    'https://metadata.google.internal/',
    'https://hidden.onion/',
    'https://intranet/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://１２７.0.0.1/',
    'https://0.0.0.0/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/',
    'https://100.64.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://192.0.2.1/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[fe80::1]/',
    'https://[fc00::1]/',
    'https://[2001:db8::1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[::127.0.0.1]/',
    'https://[::7f00:1]/',
    'https://[1::1]/',
    'https://[4000::1]/',
    'https://peertube.example:22/',
    'https://user:pass@peertube.example/',
    'ftp://peertube.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
  ])('refuses %s', (url) => {
    expect(targetProblem(new URL(url), { allowLocal: false })).toMatch(/^must /)
  })

  it('allows local addresses and http on a laptop, but neither passwords nor other schemes', () => {
    const allowed = (url: string) => targetProblem(new URL(url), { allowLocal: true }) === null
    expect(allowed('http://localhost:9000')).toBe(true)
    expect(allowed('http://192.168.1.1/')).toBe(true)
    expect(allowed('http://user:pass@localhost/')).toBe(false)
    expect(allowed('javascript:alert(1)')).toBe(false)
  })
})

describe('retryAfter', () => {
  const now = Date.UTC(2026, 0, 1)
  const day = 24 * 3_600_000
  it.each([
    ['10', 10_000],
    ['0', 0],
    ['99999999999999999999', day],
    [new Date(now + 60_000).toUTCString(), 60_000],
    [new Date(now - 60_000).toUTCString(), 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', day],
  ])('%s', (header, wait) => {
    expect(retryAfter(header, now)).toBe(now + wait)
  })
  it.each([null, '', 'soon', '-5x', '1.5.1'])('%s says nothing', (header) => {
    expect(retryAfter(header, now)).toBeNull()
  })
})
