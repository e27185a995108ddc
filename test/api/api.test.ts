/** @module What all routes share: keys, addresses, errors. */
import { createExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { api } from '../../src/api/app.ts'
import worker from '../../src/workers/index.ts'
import { KEY } from '../support/call.ts'
import { testDeps } from '../support/harness.ts'

describe('Who may call', () => {
  it.each([
    ['no key', {}, 'Bearer'],
    ['another scheme', { authorization: `Basic ${KEY}` }, 'Bearer error="invalid_token"'],
    ['a longer key', { authorization: `Bearer ${KEY}x` }, 'Bearer error="invalid_token"'],
    [
      'another key of that length',
      { authorization: `Bearer ${KEY.slice(1)}x` },
      'Bearer error="invalid_token"',
    ],
    ['an empty key', { authorization: 'Bearer ' }, 'Bearer error="invalid_token"'],
  ])('%s is 401 everywhere but for the health', async (_name, headers, challenge) => {
    for (const path of ['/instances', '/endpoints', '/events', '/deliveries?endpoint=x', '/nothing']) {
      const response = await exports.default.fetch(`https://tubewire.example/api/v1${path}`, { headers })
      expect(response.status, path).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe(challenge)
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
      expect(await response.text()).not.toContain(KEY)
    }
  })

  it('the health is for everybody', async () => {
    const response = await exports.default.fetch('https://tubewire.example/api/v1/health')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      status: 'ok',
      version: expect.any(String),
      time: expect.any(String),
    })
  })
})

describe('Where requests may go', () => {
  it.each([
    ['/endpoints', 'https://10.0.0.1/hook'],
    ['/endpoints', 'http://public.example/hook'],
    ['/instances', 'https://169.254.169.254/'],
    ['/instances', 'http://public.example/'],
  ])('%s refuses %s where local addresses are not allowed', async (path, url) => {
    const { deps } = testDeps()
    const response = await api({ ...deps, config: { ...deps.config, allowLocalTargets: false } }).request(
      `/api/v1${path}`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url }),
      },
    )
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      detail: expect.stringContaining('must be https and public'),
    })
  })
})

describe('What goes wrong inside', () => {
  it('is a 500 with an id that the log has, and nothing of what happened', async () => {
    const tubewire = testDeps()
    tubewire.deps.env.DB = new Proxy(env.DB, {
      get() {
        throw new Error('secret inside')
      },
    })
    const response = await api(tubewire.deps).request('/api/v1/events', {
      headers: { authorization: `Bearer ${KEY}` },
    })
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('secret inside')
    const [entry] = tubewire.log
    expect(entry).toMatchObject({ log: 'error', where: 'GET /api/v1/events', error: 'Error: secret inside' })
    expect(text).toContain(String(entry && 'id' in entry ? entry['id'] : 'no id'))
  })

  it('a configuration that is wrong is a 503 that says so, and names nothing', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const request = new Request<unknown, IncomingRequestCfProperties>(
      'https://tubewire.example/api/v1/events',
    )
    const broken = { ...env, ADMIN_KEY: 'too-short' }
    const response = await worker.fetch(request, broken, createExecutionContext())
    const lines = logged.mock.calls.flat().join()
    logged.mockRestore()
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    const body = await response.text()
    expect(JSON.parse(body)).toMatchObject({ code: 'not_configured', instance: '/api/v1/events' })
    expect(body).not.toContain('ADMIN_KEY')
    expect(lines).toContain('ADMIN_KEY must have at least 24 characters')
    expect(lines).not.toContain('too-short')
  })

  it('a database without tables makes the health say so', async () => {
    const tubewire = testDeps()
    await env.DB.prepare('ALTER TABLE attempts RENAME TO elsewhere').run()
    const response = await api(tubewire.deps).request('/api/v1/health')
    await env.DB.prepare('ALTER TABLE elsewhere RENAME TO attempts').run()
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'not_migrated' })
  })
})
