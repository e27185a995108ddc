/** @module Our own client of PeerTube logs in to our own API, unchanged: the contract is kept. */
import { exports } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { getJson } from '../../src/peertube/client.ts'
import { login, refresh, revoke } from '../../src/peertube/login.ts'
import { forgetAll } from '../support/call.ts'
import { PASSWORD, person } from '../support/people.ts'

const ORIGIN = 'https://tubewire.example'
let address = 0
const deps = {
  // Each from an address of its own: logins are limited by address.
  fetch: ((input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init)
    address += 1
    request.headers.set('cf-connecting-ip', `203.0.113.${address}`)
    return exports.default.fetch(request)
  }) as typeof fetch,
  clock: Date.now,
  userAgent: 'Tubewire/test',
}

beforeEach(forgetAll)

describe('Our client of PeerTube, at our own API', () => {
  it('logs in, goes on with its refresh token, and logs out', async () => {
    await person('alice')
    const first = await login(deps, ORIGIN, { username: 'alice', password: PASSWORD })
    if (first.kind !== 'ok') throw new Error(JSON.stringify(first))
    const { clientId, clientSecret } = first.client
    expect(first.observation).toMatchObject({ status: 200, limit: 15, remaining: 14 })
    const me = async (token: string) => {
      const response = await deps.fetch(`${ORIGIN}/api/v1/users/me`, {
        headers: { authorization: `Bearer ${token}` },
      })
      return response.status
    }
    expect(await me(first.tokens.accessToken)).toBe(200)

    const second = await refresh(deps, ORIGIN, {
      clientId,
      clientSecret,
      refreshToken: first.tokens.refreshToken,
    })
    if (second.kind !== 'ok') throw new Error(JSON.stringify(second))
    expect(await me(first.tokens.accessToken)).toBe(401)
    expect(await me(second.tokens.accessToken)).toBe(200)
    expect(await revoke(deps, ORIGIN, second.tokens.accessToken)).toMatchObject({ kind: 'ok' })
    expect(await me(second.tokens.accessToken)).toBe(401)
  })

  it.each([
    ['a wrong password', { state: 'active' }, 'wrong password', 'wrong-password'],
    ['an address that waits', { state: 'waiting-for-email' }, PASSWORD, 'email-not-verified'],
    ['a registration that waits', { state: 'waiting-for-approval' }, PASSWORD, 'waiting'],
  ] as const)('understands the refusal of %s', async (_name, more, password, reason) => {
    await person('alice', 'User', more)
    expect(await login(deps, ORIGIN, { username: 'alice', password })).toMatchObject({
      kind: 'refused',
      reason,
    })
  })

  it('is told of its limit, and reads what it reads of instances', async () => {
    const answer = await getJson(deps, `${ORIGIN}/nodeinfo/2.1.json`)
    expect(answer).toMatchObject({ kind: 'ok', body: { software: { name: 'tubewire' } } })
    if (answer.kind !== 'ok') throw new Error(answer.kind)
    const again = await getJson(deps, `${ORIGIN}/nodeinfo/2.1.json`, { etag: answer.etag })
    expect(again.kind).toBe('not-modified')
  })
})
