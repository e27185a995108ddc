/** @module Why there is no connection, as the platform really tells it. */
import { describe, expect, it } from 'vitest'
import { diagnose } from '../../src/http/tcp.ts'
import { control } from '../support/harness.ts'

describe('diagnose', () => {
  it.each([
    ['https://nowhere.invalid/', 'dns'],
    ['http://nowhere.invalid/', 'dns'],
    ['https://nowhere.invalid:9000/a?b=c', 'dns'],
    ['http://127.0.0.1:1/', 'refused'],
    ['https://127.0.0.1:1/', 'refused'],
    ['https://localhost:1/', 'refused'],
    ['http://[::1]:1/', 'refused'],
  ])('%s: %s', async (url, expected) => {
    expect(await diagnose(new URL(url))).toBe(expected)
  })

  it('tells a server that speaks no TLS, or has a certificate that nobody trusts', async () => {
    const plain = await control.instance({ videos: 1 })
    expect(await diagnose(new URL(plain.origin.replace('http:', 'https:')))).toBe('tls')
    const selfSigned = await control.mailServer({ tls: 'implicit' })
    expect(await diagnose(new URL(`https://localhost:${await selfSigned.port()}`))).toBe('tls')
  })

  it('knows no better of a server that takes connections and loses them', async () => {
    const instance = await control.instance({ videos: 1 })
    await instance.fail({ kind: 'close' })
    expect(await diagnose(new URL(instance.origin))).toBe('unreachable')
    expect(await instance.requests()).toEqual([])
  })

  it.each([
    [530, 'dns'],
    [521, 'refused'],
  ])(
    'understands what Cloudflare answers for a host without a server: %d is %s',
    async (status, expected) => {
      const answering = async () => new Response(null, { status })
      expect(await diagnose(new URL('http://127.0.0.1:1'), answering)).toBe(expected)
    },
  )
})
