/** @module What `send` makes of what `fetch` says. What a receiver does on a real connection: test/workers/send-misbehaviour.test.ts. */
import { describe, expect, it } from 'vitest'
import { send } from '../../src/webhooks/send.ts'

const NOW = Date.UTC(2026, 10, 27)
const DAY = 24 * 3_600_000
const REQUEST = { url: 'https://hooks.example/', headers: {}, body: '{}' }

/** One attempt that `fetch` answers so. */
const sendTo = (fetch: () => Promise<Response>, request: Partial<Parameters<typeof send>[1]> = {}) =>
  send({ fetch, clock: () => NOW, timeoutMs: 10_000 }, { ...REQUEST, ...request })

const answered = (status: number, headers: Record<string, string> = {}, body: string | null = null) =>
  sendTo(async () => new Response(body, { status, headers }))

describe('An attempt', () => {
  it.each([200, 201, 202, 204, 299])('that is answered %i is a success', async (status) => {
    expect(await answered(status)).toMatchObject({ status, error: null, retryAt: null, response: null })
  })

  it.each([
    [429, '30', 30_000],
    [503, '30', 30_000],
    [503, '0', 0],
    [429, 'Fri, 27 Nov 2026 01:00:00 GMT', 3_600_000],
    [429, 'Thu, 26 Nov 2026 00:00:00 GMT', 0],
    [429, '999999999999', DAY],
    [503, 'Fri, 01 Jan 2100 00:00:00 GMT', DAY],
    [429, 'soon', null],
    [429, '30, 60', null],
    [429, '-1', null],
    [500, '30', null],
    [200, '30', null],
    [301, '30', null],
  ])('that is answered %i with Retry-After %s waits %s ms', async (status, header, waitMs) => {
    const { retryAt } = await answered(status, { 'retry-after': header })
    expect(retryAt).toBe(waitMs === null ? null : NOW + waitMs)
  })

  it('keeps the beginning of the answer, and gives the whole when it is asked for', async () => {
    const text = `${'x'.repeat(2_000)}\0`
    const respond = async () => new Response(text)
    expect(await sendTo(respond)).toMatchObject({ response: 'x'.repeat(1_024), answer: null })
    expect(await sendTo(respond, { keepAnswer: true })).toMatchObject({ answer: text })
  })

  it('that can not be made is one that failed, and says nothing of what was to be sent', async () => {
    const made = await sendTo(async () => new Response(), { headers: { 'x-a': 'sec\nret' } })
    expect(made).toMatchObject({ status: null, error: 'not sent (TypeError)', response: null })
  })
})
