/** @module Endpoints while something else happens to them, and in the hands of others. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { verify, verifyInBackground } from '../../src/api/endpoint-actions.ts'
import { type Endpoint, findEndpoint } from '../../src/db/endpoints.ts'
import { decryptSecret } from '../../src/secrets.ts'
import { enterGate } from '../../src/workers/delivery-gate.ts'
import { call, forgetAll, KEY, send } from '../support/call.ts'
import { control, deliveriesOf, owed, subscribe, testDeps } from '../support/harness.ts'
import { as, loggedIn } from '../support/people.ts'

beforeEach(forgetAll)

const make = async (body: object) => (await call('POST', '/endpoints', body)).body
const read = async (id: unknown) => (await call('GET', `/endpoints/${id}`)).body

/** An endpoint that was not asked yet. */
async function pending(url = 'http://127.0.0.1:1/') {
  const tubewire = testDeps()
  const { id } = await subscribe(url, tubewire.deps)
  await env.DB.prepare('UPDATE endpoints SET verified_at = NULL').run()
  const endpoint = (await findEndpoint(env.DB, id, null)) as Endpoint
  return { tubewire, endpoint }
}

const echo = async (init: RequestInit | undefined) =>
  new Response(JSON.parse(String(init?.body)).data.challenge)

describe('A target that is being asked', () => {
  it('is taken at its word, though its owner changes something else meanwhile', async () => {
    const { tubewire, endpoint } = await pending()
    tubewire.deps.fetch = async (_input, init) => {
      await call('PATCH', `/endpoints/${endpoint.id}`, { description: 'mine', rateLimit: 3 })
      return echo(init)
    }
    await verify(tubewire.deps, endpoint, 'https://tubewire.example')
    expect(await read(endpoint.id)).toMatchObject({ state: 'active', description: 'mine', rateLimit: 3 })
  })

  it('has said nothing of the URL that is there now', async () => {
    const { tubewire, endpoint } = await pending()
    tubewire.deps.fetch = async (_input, init) => {
      await env.DB.prepare(
        "UPDATE endpoints SET url = 'http://127.0.0.1:1/other', revision = revision + 1",
      ).run()
      return echo(init)
    }
    await verify(tubewire.deps, endpoint, 'https://tubewire.example')
    expect(await read(endpoint.id)).toMatchObject({ state: 'pending', verificationError: null })
  })

  it('is asked anew when it was greeted, and is to be sent what programs read', async () => {
    const receiver = await control.receiver()
    await receiver.answer({ body: 'a page that answers 200 to anything' })
    const { id } = await make({ url: receiver.url, format: 'slack' })
    expect(await read(id)).toMatchObject({ state: 'active' })
    await call('PATCH', `/endpoints/${id}`, { format: 'standard' })
    expect(await read(id)).toMatchObject({
      state: 'pending',
      verificationError: 'answered 200, and did not give the challenge back',
    })
  })

  it('is asked anew when its format is changed before it has answered', async () => {
    const receiver = await control.receiver()
    const { tubewire, endpoint } = await pending(receiver.url)
    tubewire.deps.fetch = async (_input, init) => {
      // What goes on after this answer waits for the asking that is under way.
      const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
      await send('PATCH', `/api/v1/endpoints/${endpoint.id}`, headers, { format: 'cloudevents' })
      return echo(init)
    }
    await verify(tubewire.deps, endpoint, 'https://tubewire.example')
    await vi.waitFor(async () => {
      expect(await read(endpoint.id)).toMatchObject({ state: 'active', format: 'cloudevents' })
    }, 5_000)
    expect((await receiver.requests()).map(({ method }) => method)).toContain('OPTIONS')
  })

  it('that could not be asked, for it is being sent to, says so', async () => {
    const { tubewire, endpoint } = await pending()
    const { deps } = tubewire
    await enterGate(deps.env.DELIVERY_GATE, 'a run', [endpoint.id], 45_000, deps.clock())
    await verifyInBackground(deps, endpoint, 'https://tubewire.example')
    expect(await read(endpoint.id)).toMatchObject({
      state: 'pending',
      verificationError: 'it was being sent to all the time: ask again',
    })
  })
})

describe('What is owed to somebody else', () => {
  it('is not for a moderator to skip', async () => {
    const { endpoint } = await owed(testDeps(), 2)
    const moderator = await loggedIn('moderator', 'Moderator')
    const path = `/endpoints/${endpoint.id}/resume`
    expect((await call('POST', path, { backlog: 'none' }, as(moderator.token))).body).toMatchObject({
      code: 'insufficient_rights',
    })
    expect((await deliveriesOf(endpoint.id)).map(({ state }) => state)).toEqual(['pending', 'pending'])
    expect((await call('POST', path, {}, as(moderator.token))).status).toBe(200)
  })
})

describe('A secret', () => {
  it('is not rotated by who has seen another state of the endpoint', async () => {
    const { id } = await make({ url: 'http://127.0.0.1:1/', verified: true })
    const path = `/endpoints/${id}/rotate-secret`
    const { status } = await call('POST', path, {}, { 'if-match': '"another"' })
    expect(status).toBe(412)
  })
})

describe('A secret that can not be read any more', () => {
  it('is replaced by rotating it', async () => {
    const { id } = await make({ url: 'http://127.0.0.1:1/', verified: true })
    await env.DB.prepare("UPDATE endpoints SET secret = 'lost.x.y'").run()
    const rotated = await call('POST', `/endpoints/${id}/rotate-secret`)
    expect(rotated.status).toBe(200)
    const { secret } = (await findEndpoint(env.DB, String(id), null)) as Endpoint
    const ring = testDeps().deps.config.encryptionKeys
    expect(await decryptSecret(ring, secret, String(id))).toBe(rotated.body['secret'])
  })
})

describe('An endpoint that a moderator paused', () => {
  it('is sent no test by its owner either', async () => {
    const receiver = await control.receiver()
    const alice = await loggedIn('alice')
    const moderator = await loggedIn('moderator', 'Moderator')
    const { body } = await call('POST', '/endpoints', { url: receiver.url }, as(alice.token))
    const path = `/endpoints/${body['id']}`
    await call('PATCH', path, { paused: true }, as(moderator.token))
    const asked = await receiver.count()
    expect((await call('POST', `${path}/test`, {}, as(alice.token))).body).toMatchObject({
      code: 'paused_by_moderator',
    })
    expect(await receiver.count()).toBe(asked)
  })

  it('is not asked anything either, in whatever way, until it is resumed', async () => {
    const receiver = await control.receiver()
    await receiver.answer({ status: 500 })
    const alice = await loggedIn('alice')
    const moderator = await loggedIn('moderator', 'Moderator')
    const { body } = await call('POST', '/endpoints', { url: receiver.url }, as(alice.token))
    const path = `/endpoints/${body['id']}`
    await call('PATCH', path, { paused: true }, as(moderator.token))
    const asked = await receiver.count()
    expect((await call('POST', `${path}/verify`, undefined, as(alice.token))).body).toMatchObject({
      code: 'paused_by_moderator',
    })
    const elsewhere = { url: `${receiver.url}elsewhere`, format: 'slack' }
    expect((await call('PATCH', path, elsewhere, as(alice.token))).body).toMatchObject({
      state: 'paused',
      verifiedAt: null,
      verificationError: 'a moderator paused this endpoint: ask again when it is resumed',
    })
    expect(await receiver.count()).toBe(asked)
    await call('PATCH', path, { paused: false }, as(moderator.token))
    await receiver.answer({ status: 204 })
    expect((await call('POST', `${path}/verify`, undefined, as(alice.token))).body).toMatchObject({
      state: 'active',
    })
  })
})
