/** @module What all routes share: addresses, and what goes wrong inside. */
import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import worker from '../../src/workers/index.ts'
import { KEY, sendTo } from '../support/call.ts'
import { testDeps } from '../support/harness.ts'
import { as } from '../support/people.ts'

describe('Where requests may go', () => {
  it.each([
    ['/endpoints', 'https://10.0.0.1/hook'],
    ['/endpoints', 'http://public.example/hook'],
    ['/instances', 'https://169.254.169.254/'],
    ['/instances', 'http://public.example/'],
  ])('%s refuses %s where local addresses are not allowed', async (path, url) => {
    const { deps } = testDeps()
    const strict = { ...deps, config: { ...deps.config, allowLocalTargets: false } }
    const response = await sendTo(strict, 'POST', `/api/v1${path}`, as(KEY), { url })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      'invalid-params': { url: { msg: expect.stringMatching(/must be (https|public)/) } },
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
    const response = await sendTo(tubewire.deps, 'GET', '/api/v1/events', as(KEY))
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('secret inside')
    const [entry] = tubewire.log
    expect(entry).toMatchObject({ log: 'error', where: 'GET /api/v1/events', error: 'Error: secret inside' })
    expect(text).toContain(String(entry && 'id' in entry ? entry['id'] : 'no id'))
  })

  it('a configuration that is wrong is a 503 that says so, and names nothing', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    onTestFinished(() => logged.mockRestore())
    const request = new Request<unknown, IncomingRequestCfProperties>(
      'https://tubewire.example/api/v1/events',
    )
    const broken = { ...env, ADMIN_KEY: 'too-short' }
    const response = await worker.fetch(request, broken, createExecutionContext())
    const lines = logged.mock.calls.flat().join()
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
    expect(response.headers.get('retry-after')).toBe('60')
    const body = await response.text()
    expect(JSON.parse(body)).toMatchObject({ code: 'not_configured', instance: '/api/v1/events' })
    expect(body).not.toContain('ADMIN_KEY')
    expect(lines).toContain('ADMIN_KEY must have at least 24 characters')
    expect(lines).not.toContain('too-short')
  })

  it('a database without tables makes the health say so', async () => {
    const tubewire = testDeps()
    await env.DB.prepare('ALTER TABLE attempts RENAME TO elsewhere').run()
    const response = await sendTo(tubewire.deps, 'GET', '/api/v1/health')
    await env.DB.prepare('ALTER TABLE elsewhere RENAME TO attempts').run()
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'not_migrated' })
  })
})
