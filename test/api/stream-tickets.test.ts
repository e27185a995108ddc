/** @module Tickets: how a browser opens a stream, once, within a minute, in the name of who made the ticket. */
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cleanUp } from '../../src/db/sessions.ts'
import { forgetAll, generous, KEY, send, sendTo } from '../support/call.ts'
import { setLog } from '../support/events.ts'
import { count, testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn, type Person, session } from '../support/people.ts'
import { connect, eventsOf, forgetListeners, look, numbered, store, wake } from '../support/streams.ts'

let person: Person
beforeEach(async () => {
  await forgetAll()
  await setLog([])
  await env.DB.prepare('DELETE FROM stream_tickets').run()
  person = await loggedIn('browser')
})
afterEach(() => forgetListeners())

async function ticketOf(token: string): Promise<string> {
  const response = await send('POST', '/api/v1/stream/tickets', as(token))
  expect(response.status).toBe(201)
  return (await response.json<{ ticket: string }>()).ticket
}
const open = (ticket: string, more = '') => send('GET', `/api/v1/stream?ticket=${ticket}${more}`)

describe('A ticket', () => {
  it('is shown once, is good for a minute, and is stored as a digest', async () => {
    const { deps } = testDeps()
    const response = await sendTo(generous(deps), 'POST', '/api/v1/stream/tickets', as(KEY))
    const body = await response.json<{ ticket: string; expiresAt: string }>()
    expect(Date.parse(body.expiresAt)).toBe(deps.clock() + 60_000)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { results } = await env.DB.prepare('SELECT * FROM stream_tickets').all()
    expect(results).toHaveLength(1)
    expect(JSON.stringify(results)).not.toContain(body.ticket)
  })

  it.each([
    ['a session', async () => person.token],
    ['a key', async () => (await apiKey(person.id, ['events:read'])).key],
  ])('of %s opens a stream that has what its owner may see', async (_name, tokenOf) => {
    const listener = await eventsOf(await open(await ticketOf(await tokenOf()), '&after=0'))
    await store([
      ...numbered(1, 1),
      ...numbered(2, 2, { ownerId: 'usr_administrator' }),
      ...numbered(3, 3, { ownerId: person.id }),
    ])
    await wake()
    expect(await listener.upTo(3)).toEqual([1, 3])
  })

  it('of the operator opens one that his key could', async () => {
    await env.DB.prepare("UPDATE users SET blocked_at = 1, role = 2 WHERE id = 'usr_administrator'").run()
    const listener = await eventsOf(await open(await ticketOf(KEY)))
    await look()
    await store(numbered(1, 1, { ownerId: 'usr_administrator' }))
    await wake()
    expect(await listener.upTo(1)).toEqual([1])
  })

  it('opens a WebSocket', async () => {
    const response = await send('GET', `/api/v1/stream?ticket=${await ticketOf(person.token)}`, {
      upgrade: 'websocket',
    })
    expect(response.status).toBe(101)
    response.webSocket?.accept()
    response.webSocket?.close()
  })

  it('opens one stream, also when it is shown twice at once', async () => {
    const ticket = await ticketOf(person.token)
    const answers = await Promise.all(Array.from({ length: 5 }, () => open(ticket)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401])
    expect((await open(ticket)).status).toBe(401)
  })

  it('opens nothing a minute later', async () => {
    const { deps, advance } = testDeps()
    const made = await sendTo(generous(deps), 'POST', '/api/v1/stream/tickets', as(person.token))
    const { ticket } = await made.json<{ ticket: string }>()
    advance(60_000)
    const late = await sendTo(generous(deps), 'GET', `/api/v1/stream?ticket=${ticket}`)
    expect([late.status, await late.json()]).toMatchObject([401, { code: 'invalid_token' }])
  })

  it.each([
    ['the session has ended', () => send('POST', '/api/v1/users/revoke-token', as(person.token))],
    ['a newer login has taken its place', () => session(person.id)],
    ['the account is blocked', () => env.DB.prepare('UPDATE users SET blocked_at = 1').run()],
    ['the account is gone', () => env.DB.prepare('DELETE FROM users WHERE id = ?').bind(person.id).run()],
  ])('opens nothing when %s', async (_name, end) => {
    const ticket = await ticketOf(person.token)
    await end()
    expect((await open(ticket)).status).toBe(401)
  })

  it('of a key that was revoked, or has lost its scope, opens nothing', async () => {
    const { id, key } = await apiKey(person.id, ['events:read'])
    const [revoked, narrowed] = [await ticketOf(key), await ticketOf(key)]
    await env.DB.prepare(`UPDATE api_keys SET scopes = '["feeds:read"]'`).run()
    expect((await open(narrowed)).status).toBe(403)
    await env.DB.prepare('DELETE FROM api_keys WHERE id = ?').bind(id).run()
    expect((await open(revoked)).status).toBe(401)
  })

  it('a stream that it opened ends with what it was made with', async () => {
    const listener = await eventsOf(await open(await ticketOf(person.token)))
    await session(person.id)
    await look()
    expect(await listener.toEnd()).toMatchObject({ type: 'closed' })
  })

  it('opens streams and nothing else', async () => {
    const ticket = await ticketOf(person.token)
    for (const path of ['/api/v1/events', '/api/v1/stream/tickets', '/api/v1/users/me'])
      expect((await send('GET', `${path}?ticket=${ticket}`)).status, path).not.toBe(200)
    // Neither these nor another method have used it up.
    expect((await send('POST', `/api/v1/stream?ticket=${ticket}`)).status).toBe(405)
    expect((await open(ticket)).status).toBe(200)
  })

  it('is not looked at where a header says who calls', async () => {
    const ticket = await ticketOf(person.token)
    expect((await send('GET', `/api/v1/stream?ticket=${ticket}`, as(KEY))).status).toBe(200)
    expect((await send('GET', `/api/v1/stream?ticket=${ticket}`, as('x'))).status).toBe(401)
    expect((await open(ticket)).status).toBe(200)
  })

  it.each(['', 'x', 'a'.repeat(40), "' OR 1=1 --", 'é'])(
    'that is none opens nothing, and is not repeated: %j',
    async (ticket) => {
      const response = await open(encodeURIComponent(ticket))
      expect(response.status).toBe(401)
      if (ticket !== '') expect(await response.text()).not.toContain(`"${ticket}"`)
    },
  )

  it.each([
    '&nsfw=maybe',
    '&after=x',
    '&unheard=of',
    '&minDuration=9&maxDuration=1',
    '&type=nothing.like-it',
  ])('is not used up by what is refused for something else: %s', async (mistake) => {
    const ticket = await ticketOf(person.token)
    const refused = await open(ticket, mistake)
    expect([refused.status, await refused.json()]).toMatchObject([400, { 'invalid-params': {} }])
    expect((await open(ticket)).status).toBe(200)
  })

  it('is not repeated when something else is wrong', async () => {
    const ticket = await ticketOf(person.token)
    const response = await open(ticket, `&ticket=${ticket}&after=x`)
    expect(response.status).toBe(400)
    expect(await response.text()).not.toContain(ticket)
  })

  it('that nobody used is deleted when it is over', async () => {
    await ticketOf(person.token)
    await cleanUp(env.DB, Date.now())
    expect(await count('SELECT count(*) AS count FROM stream_tickets')).toBe(1)
    await cleanUp(env.DB, Date.now() + 61_000)
    expect(await count('SELECT count(*) AS count FROM stream_tickets')).toBe(0)
  })

  it('is answered anew each time, whatever the Idempotency-Key', async () => {
    const headers = { ...as(person.token), 'idempotency-key': 'the-same' }
    const [one, other] = [
      await send('POST', '/api/v1/stream/tickets', headers),
      await send('POST', '/api/v1/stream/tickets', headers),
    ]
    expect(await one.text()).not.toBe(await other.text())
  })

  it('of somebody without one is not made', async () => {
    const { key } = await apiKey(person.id, ['feeds:read'])
    expect((await send('POST', '/api/v1/stream/tickets', as(key))).status).toBe(403)
    expect((await send('POST', '/api/v1/stream/tickets')).status).toBe(401)
    await expect(connect('', true, key)).rejects.toThrow('403')
  })
})
