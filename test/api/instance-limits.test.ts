/** @module GET /api/v1/instances/{id}/limits: how much of what an instance allows is asked of it. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Observation } from '../../src/peertube/client.ts'
import { instanceAccess } from '../../src/workers/instance-access.ts'
import { call, forgetAll, generous, KEY, readAnswer, sendTo } from '../support/call.ts'
import { testDeps } from '../support/harness.ts'
import { as } from '../support/people.ts'

const SAID: Observation = { status: 200, limit: null, remaining: null, resetAt: null, retryAt: null }
let host: string

beforeEach(async () => {
  await forgetAll()
  host = `${crypto.randomUUID()}.example`
  await env.DB.prepare(
    `INSERT INTO instances (id, owner_id, origin, host, name, version, created_at)
     VALUES ('ins_1', 'usr_administrator', 'https://' || ?1, 'before.example', 'A', '6.3.0', 0)`,
  )
    .bind(host)
    .run()
})

describe('The limits of an instance', () => {
  it('of which nothing was asked are those that PeerTube documents', async () => {
    const { status, body } = await call('GET', '/instances/ins_1/limits')
    expect(status).toBe(200)
    const untouched = { used: 0, heldUntil: null, refusals: { count: 0, lastAt: null } }
    expect(body.data).toEqual([
      { bucket: 'api', published: 50, ours: 25, windowSeconds: 10, atOnce: 13, ...untouched },
      { bucket: 'login', published: 15, ours: 7, windowSeconds: 300, atOnce: 4, ...untouched },
      { bucket: 'feeds', published: 50, ours: 25, windowSeconds: 10, atOnce: 13, ...untouched },
      { bucket: 'activityPub', published: 500, ours: 250, windowSeconds: 10, atOnce: 125, ...untouched },
    ])
  })

  it('say what was asked where it is by now, what it told, and how often it refused', async () => {
    const { deps } = testDeps()
    const now = deps.clock()
    const access = instanceAccess(env.RATE_LIMITER, host, 'reader', () => now)
    for (let asked = 0; asked < 3; asked += 1) await access.ask('api')
    await access.observe({ ...SAID, limit: 20 }, 'feeds')
    await access.observe({ ...SAID, status: 429, retryAt: now + 60_000 }, 'login')
    const response = await sendTo(generous(deps), 'GET', '/api/v1/instances/ins_1/limits', as(KEY))
    const at = (time: number) => new Date(time).toISOString()
    expect((await readAnswer(response)).body.data).toMatchObject([
      { bucket: 'api', used: 3 },
      { bucket: 'login', ours: 3, heldUntil: at(now + 60_000), refusals: { count: 1, lastAt: at(now) } },
      { bucket: 'feeds', published: 20, ours: 10 },
      { bucket: 'activityPub', used: 0 },
    ])
  })

  it('of no instance are not there', async () => {
    expect((await call('GET', '/instances/ins_2/limits')).status).toBe(404)
  })

  it('that can’t be looked up now are a 503 that says so, and a line in the log', async () => {
    const { deps, log } = testDeps()
    const RATE_LIMITER = new Proxy(deps.env.RATE_LIMITER, {
      get: (target, name) =>
        name === 'getByName'
          ? (of: string) =>
              of.startsWith('instance:')
                ? { look: () => Promise.reject(new Error('the object is away')) }
                : target.getByName(of)
          : Reflect.get(target, name),
    })
    const broken = { ...generous(deps), env: { ...deps.env, RATE_LIMITER } }
    const answer = await readAnswer(await sendTo(broken, 'GET', '/api/v1/instances/ins_1/limits', as(KEY)))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(answer.body['detail']).toBe('What is asked of before.example can’t be looked up now: try again')
    expect(log).toMatchObject([{ log: 'error', where: 'looking at the limits of an instance' }])
  })
})
