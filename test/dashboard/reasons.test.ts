/** @module Why deliveries failed, as the dashboard tells it: each word of the service has its explanation. */
import { describe, expect, it } from 'vitest'
import { reasonOf } from '../../src/dashboard/pages/deliveries/reasons.ts'
import { describeFailure, describeStatus } from '../../src/webhooks/failure.ts'

const answered = (status: number) =>
  reasonOf({ status, error: describeStatus(status, null, 'https://receiver.example/') })
const unanswered = (message: string, url = 'https://receiver.example/') =>
  reasonOf({ status: null, error: describeFailure(new Error(message), url) })

describe('The reason of a failure', () => {
  it.each([
    [301, 'redirect'],
    [400, 'refusing'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'missing'],
    [410, 'gone'],
    [413, 'tooLarge'],
    [422, 'refusing'],
    [429, 'tooMany'],
    [500, 'failing'],
    [503, 'gateway'],
    [521, 'refused'],
    [522, 'timeout'],
    [526, 'tls'],
    [530, 'name'],
  ])('of the answer %s is "%s"', (status, reason) => {
    expect(answered(status)).toBe(reason)
  })

  it('is known for each way in which there was no answer', () => {
    expect(unanswered('Network connection lost.')).toBe('refused')
    expect(unanswered('internal error; reference = x')).toBe('nameOrTls')
    expect(unanswered('internal error; reference = x', 'http://receiver.example/')).toBe('name')
    expect(unanswered('internal error; reference = x', 'https://203.0.113.1/')).toBe('tls')
    expect(unanswered('Too many subrequests.')).toBe('busy')
    expect(reasonOf({ status: null, error: 'no answer within 15 s' })).toBe('timeout')
    expect(reasonOf({ status: null, error: 'the URL must be public (got 10.0.0.1)' })).toBe('target')
    expect(reasonOf({ status: null, error: "the URL can't be checked now (503)" })).toBe('unchecked')
  })

  it('of one that was kept for too long is that, however it was answered before', () => {
    expect(reasonOf({ status: 500, error: 'kept for 14 days and not delivered' })).toBe('expired')
  })

  it('of what nobody foresaw is unknown, and of a success there is none', () => {
    expect(unanswered('whatever it was')).toBe('unknown')
    expect(reasonOf({ status: 204, error: null })).toBeNull()
  })
})
