/** @module A Tubewire whose database has no tables yet: what needs none answers, and says what is missing. */
import { reset } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { newApiKey, newToken } from '../../src/tokens.ts'
import { KEY, sendTo } from '../support/call.ts'
import { testDeps } from '../support/harness.ts'

beforeAll(() => reset())

function get(path: string, token: string | undefined): Promise<Response> {
  return sendTo(testDeps().deps, 'GET', path, token === undefined ? {} : { authorization: `Bearer ${token}` })
}

describe.each([
  ['nobody', undefined],
  ['the operator', KEY],
  ['somebody with a token', newToken()],
  ['a program with a key', newApiKey()],
])('To %s', (_who, token) => {
  it('health says that it is not migrated', async () => {
    const response = await get('/api/v1/health', token)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'not_migrated' })
  })

  it.each([
    ['/api/v1/config', 200],
    ['/api/docs', 200],
    ['/lazy-static/thumbnails/x/y.jpg', 404],
    ['/api/v1/nothing', 404],
  ])('%s is %d', async (path, status) => {
    expect((await get(path, token)).status).toBe(status)
  })
})

it('What needs to know its caller fails, rather than to take him for nobody', async () => {
  for (const token of [KEY, newToken()]) expect((await get('/api/v1/events', token)).status).toBe(500)
})
