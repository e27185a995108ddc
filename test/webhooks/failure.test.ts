/** @module Failures in words that help the endpoint's owner, and tell him nothing that isn't his. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeFailure, describeStatus } from '../../src/webhooks/failure.ts'

const URL_ASKED = 'https://hooks.example/in?token=secret'

describe('describeStatus', () => {
  it.each([
    [404, 'answered 404'],
    [500, 'answered 500'],
    [999, 'answered 999'],
    [101, 'answered 101'],
    [522, 'answered 522: the server took no connection in time'],
    [526, 'answered 526: the TLS certificate is not valid'],
    [530, 'answered 530: the name was not found'],
  ])('%i: %s', (status, words) => {
    expect(describeStatus(status, 'https://elsewhere.example/', URL_ASKED)).toBe(words)
  })

  it.each([
    [null, ''],
    ['', ' (to https://hooks.example)'],
    ['/elsewhere', ' (to https://hooks.example)'],
    ['//elsewhere.example/x', ' (to https://elsewhere.example)'],
    ['https://user:password@elsewhere.example:8443/hook?token=1#a', ' (to https://elsewhere.example:8443)'],
    ['http://10.0.0.1/', ' (to http://10.0.0.1)'],
    ['https://bücher.example/', ' (to https://xn--bcher-kva.example)'],
    ['http://[', ''],
    ['javascript:alert(1)', ''],
    ['data:text/html,hello', ''],
    ['file:///etc/passwd', ''],
  ])('a redirect to %j: names the origin%s', (location, words) => {
    expect(describeStatus(301, location, URL_ASKED)).toBe(`answered 301: redirects are not followed${words}`)
  })

  it('is short, in one line, whatever Location says', () => {
    const locations = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary', maxLength: 200 }).map((text) => `https://${text}`),
      fc.constant(`https://${'a.'.repeat(300)}example/`),
    )
    fc.assert(
      fc.property(locations, (location) => {
        const words = describeStatus(302, location, URL_ASKED)
        expect(words.length).toBeLessThanOrEqual(300)
        expect(words).toMatch(/^answered 302: redirects are not followed[\x20-\x7e…]*$/)
        expect(words).not.toContain('secret')
      }),
    )
  })
})

describe('describeFailure', () => {
  it.each([
    [
      new Error('Network connection lost.'),
      'no answer (connection refused or lost, or the answer was no HTTP)',
    ],
    [new Error('internal error; reference = abc123'), 'no connection (name not found, or TLS failed)'],
    [new Error('Too many subrequests.'), 'not sent (Tubewire was sending too much at once)'],
    [new TypeError('Invalid header value: "Bearer secret"'), 'not sent (TypeError)'],
    [new Error('x'.repeat(1_000)), 'not sent (Error)'],
    ['a string', 'not sent (Error)'],
    [undefined, 'not sent (Error)'],
  ])('%s: %s', (error, words) => {
    expect(describeFailure(error, URL_ASKED)).toBe(words)
  })

  it.each([
    ['http://hooks.example/', 'name not found'],
    ['https://hooks.example/', 'name not found, or TLS failed'],
    ['https://192.0.2.1:8443/', 'TLS failed'],
    ['https://[2001:db8::1]/', 'TLS failed'],
  ])('of an internal error at %s: %s', (url, words) => {
    expect(describeFailure(new Error('internal error; reference = abc'), url)).toBe(
      `no connection (${words})`,
    )
  })
})
