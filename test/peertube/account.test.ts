/** @module Whose a session at an instance is, and all that it may say instead. */
import { describe, expect, it } from 'vitest'
import { readAccount } from '../../src/peertube/account.ts'
import recorded from '../fixtures/recordings/get_users_me.json'
import { control } from '../support/harness.ts'

const ORIGIN = 'https://peertube.example'
const deps = {
  fetch: (input: RequestInfo | URL, init?: RequestInit) => fetch(input, init),
  clock: Date.now,
  userAgent: 'T',
}
const answering = (answer: () => Response) => ({ ...deps, fetch: async () => answer() })
const { body } = recorded.response

describe('The account of a session', () => {
  it.each([
    ['as recorded', {}, { username: 'alice', role: 2 }],
    ['a moderator', { role: { id: 1, label: 'Moderator' } }, { username: 'alice', role: 1 }],
    ['an administrator', { role: { id: 0, label: 'Administrator' } }, { username: 'alice', role: 0 }],
    ['of a role that is none: the least', { role: { id: -1, label: '?' } }, { username: 'alice', role: 2 }],
    ['with control characters in its name', { username: 'al\u0000ice' }, { username: 'alice', role: 2 }],
  ])('%s', async (_what, change, account) => {
    const result = await readAccount(
      answering(() => Response.json({ ...body, ...change })),
      ORIGIN,
      't',
    )
    expect(result).toMatchObject({ kind: 'ok', account })
  })

  it.each([
    ['no name', () => Response.json({ ...body, username: '' })],
    ['no role', () => Response.json({ ...body, role: null })],
    ['a list', () => Response.json([])],
    ['304', () => new Response(null, { status: 304 })],
  ])('%s: can’t be read', async (_what, answer) => {
    expect(await readAccount(answering(answer), ORIGIN, 't')).toMatchObject({ kind: 'failed' })
  })

  it('is asked with its token; one that is none is refused, and nothing that was said is quoted', async () => {
    const instance = await control.instance()
    const refused = await readAccount(deps, instance.origin, 'nobodys')
    expect(refused).toMatchObject({ kind: 'failed', detail: 'answered 401' })
    expect((await instance.requests())[0]?.headers['authorization']).toBe('Bearer nobodys')
    const moved = () => new Response(null, { status: 302, headers: { location: '/?token=nobodys' } })
    const redirected = await readAccount(answering(moved), ORIGIN, 'nobodys')
    expect(JSON.stringify(redirected)).not.toContain('nobodys')
  })
})
