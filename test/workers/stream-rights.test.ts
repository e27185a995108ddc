/** @module A stream ends with the right to it. The look that is called here is the one that comes every 3 s by itself. */
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { forgetAll, KEY, send, sendTo } from '../support/call.ts'
import { setLog } from '../support/events.ts'
import { testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn, type Person, session } from '../support/people.ts'
import {
  connect,
  eventsOf,
  forgetListeners,
  inHub,
  listen,
  look,
  numbered,
  store,
  wake,
} from '../support/streams.ts'

let person: Person
let key: { id: string; key: string }
beforeEach(async () => {
  await forgetAll()
  await setLog([])
  person = await loggedIn('listener')
  key = await apiKey(person.id, ['events:read'])
})
afterEach(() => forgetListeners())

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()

const ENDS: [string, 'session' | 'key', () => Promise<unknown>][] = [
  ['the session has ended', 'session', () => send('POST', '/api/v1/users/revoke-token', as(person.token))],
  ['a newer login has taken its place', 'session', () => session(person.id)],
  [
    'both its tokens have expired',
    'session',
    () =>
      run('UPDATE sessions SET access_expires_at = 1, refresh_expires_at = 1 WHERE user_id = ?', person.id),
  ],
  ['the account is blocked', 'session', () => send('POST', `/api/v1/users/${person.id}/block`, as(KEY), {})],
  [
    'the account of a key is blocked',
    'key',
    () => run('UPDATE users SET blocked_at = 1 WHERE id = ?', person.id),
  ],
  ['the account is deleted', 'key', () => send('DELETE', `/api/v1/users/${person.id}`, as(KEY))],
  [
    'the account waits to be let in',
    'key',
    () => run("UPDATE users SET state = 'waiting-for-approval' WHERE id = ?", person.id),
  ],
  ['the key was revoked', 'key', () => send('DELETE', `/api/v1/api-keys/${key.id}`, as(person.token))],
  ['the key has expired', 'key', () => run('UPDATE api_keys SET expires_at = 1')],
  ['the key has lost its scope', 'key', () => run(`UPDATE api_keys SET scopes = '["feeds:read"]'`)],
]

describe.each(ENDS)('When %s', (_name, by, end) => {
  it('its streams say so and end, and all others go on', async () => {
    const token = by === 'session' ? person.token : key.key
    const other = await loggedIn('other')
    const ending = await listen('', as(token))
    const endingSocket = await connect('', true, token)
    const going = await listen('', as(other.token))
    const operators = await listen()
    await end()
    await look()
    // In one look, and not one by one.
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(2)
    await store(numbered(1, 1))
    await wake()
    expect(await ending.toEnd()).toMatchObject({
      type: 'closed',
      data: expect.stringContaining('does not hold'),
    })
    expect(ending.sequences()).toEqual([])
    expect(await endingSocket.closed).toMatchObject({ code: 4401 })
    expect(endingSocket.messages.at(-1)).toMatchObject({ type: 'closed' })
    expect(await going.upTo(1)).toEqual([1])
    expect(await operators.upTo(1)).toEqual([1])
  })
})

describe('A stream goes on', () => {
  it('when its token was refreshed, and when the access token has expired that another can be had for', async () => {
    const listener = await listen('', as(person.token))
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: person.refreshToken,
      client_id: 'tubewire',
      client_secret: 'public',
    })
    await send(
      'POST',
      '/api/v1/users/token',
      { 'content-type': 'application/x-www-form-urlencoded' },
      String(body),
    )
    await run('UPDATE sessions SET access_expires_at = 1')
    await look()
    await store(numbered(1, 1))
    await wake()
    expect(await listener.upTo(1)).toEqual([1])
  })

  it('of the operator, as long as his key is the one that is configured', async () => {
    const { deps } = testDeps()
    const rotated = { ...deps, config: { ...deps.config, adminKey: 'the-key-that-was-before-this-one' } }
    const old = await eventsOf(
      await sendTo(rotated, 'GET', '/api/v1/stream', as('the-key-that-was-before-this-one')),
    )
    const now = await listen()
    await run("UPDATE users SET blocked_at = 1 WHERE id = 'usr_administrator'")
    await look()
    expect(await old.toEnd()).toMatchObject({ type: 'closed' })
    expect(await inHub((hub) => hub.audience.clients.size)).toBe(1)
    await now.leave()
  })

  it('when it can not be looked whether it may', async () => {
    const listener = await listen('', as(key.key))
    await env.DB.exec('ALTER TABLE api_keys RENAME TO lost')
    await look()
    await env.DB.exec('ALTER TABLE lost RENAME TO api_keys')
    await store(numbered(1, 1))
    await wake()
    expect(await listener.upTo(1)).toEqual([1])
  })
})
