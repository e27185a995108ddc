/**
 * @module Every page, with what hostile people would have it show, in both themes and on a narrow screen: nothing runs that should not,
 * nothing hangs over, and nobody is kept out. Leaves a picture of each in dist/screenshots.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startReceiver } from '../simulator/receiver.ts'
import { type Stage, startStage } from './support/stage.ts'
import type { Visit } from './support/visit.ts'

const IMAGE = '<img src=x onerror="document.title=\'taken\'">'
const HOSTILE = [
  `${IMAGE}<script>document.title='taken'</script> & "quotes" 'and' {{more}}`,
  '\u202eright to left \u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u202d and back \u2066isolated',
  `long${'long'.repeat(2_500)}`,
  `${'word '.repeat(2_000)}end`,
]

/** `RATE_LIMIT_API` is 50 requests in ten seconds, where nobody has set it. */
const MOST_ASKED = 50 / 5

let stage: Stage
let failing: Awaited<ReturnType<typeof startReceiver>>
/** The addresses of all views, by what their pictures are called. */
let views: [name: string, path: string][]

type Made = { id: string }
const make = async (path: string, body: unknown) => (await stage.ask('POST', path, body)) as Made

beforeAll(async () => {
  stage = await startStage({ instance: { name: `Instance ${IMAGE}` } })
  failing = await startReceiver()
  const { id: instanceId } = await stage.api.addInstance(stage.instance.origin, 0)
  await vi.waitFor(
    async () => expect((await stage.api.instance(instanceId)).sources?.[0]).toMatchObject({ state: 'ok' }),
    { timeout: 30_000, interval: 100 },
  )
  const { id: endpointId } = await make('/api/v1/endpoints', {
    url: stage.receiver.url,
    description: `Team ${IMAGE} \u202e\u0645\u0631\u062d\u0628\u0627 ${'x'.repeat(200)}`,
    verified: true,
  })
  failing.answer({ status: 500, body: `${IMAGE} ${'no '.repeat(300)}` })
  const { id: failingId } = await make('/api/v1/endpoints', {
    url: failing.url,
    description: 'One that fails',
    verified: true,
  })
  const { id: feedId } = await make('/api/v1/feeds', { name: `Feed ${IMAGE}`.slice(0, 100), mode: 'events' })
  await make('/api/v1/consumers', { name: 'archive' })
  await make('/api/v1/api-keys', { name: `Key ${IMAGE}`.slice(0, 80), scopes: ['events:read'] })
  const { id: userId } = (await make('/api/v1/users', {
    username: 'somebody',
    password: 'the password of somebody',
    role: 2,
  })) as Made
  for (const name of HOSTILE)
    stage.instance.publish({ name, description: `${IMAGE} ${name}`, tags: [IMAGE.slice(0, 30)] })
  await vi.waitFor(
    async () => {
      const { data } = (await stage.ask('GET', `/api/v1/deliveries?endpoint=${failingId}&status=500`)) as {
        data: unknown[]
      }
      expect(data.length).toBeGreaterThanOrEqual(HOSTILE.length)
    },
    { timeout: 30_000, interval: 100 },
  )
  const { data } = (await stage.ask('GET', '/api/v1/events?order=newest&limit=5&type=video.published')) as {
    data: { id: string; sequence: number }[]
  }
  const [newest] = data
  if (!newest) throw new Error('nothing was published')
  views = [
    ['overview', '#/'],
    ['events', '#/events'],
    ['events-filtered', '#/events?type=video.*&q=word'],
    ['event', `#/events/${newest.id}`],
    ['instances', '#/instances'],
    ['instances-new', '#/instances/new'],
    ['instance', `#/instances/${instanceId}`],
    ['connections', '#/connections'],
    ['connections-new', '#/connections/new'],
    ['endpoints', '#/endpoints'],
    ['endpoints-new', '#/endpoints/new'],
    ['endpoint', `#/endpoints/${endpointId}`],
    ['endpoint-failing', `#/endpoints/${failingId}`],
    ['deliveries', `#/deliveries/${failingId}`],
    ['delivery', `#/deliveries/${failingId}/${newest.sequence}`],
    ['feeds', '#/feeds'],
    ['feeds-new', '#/feeds/new'],
    ['feed', `#/feeds/${feedId}`],
    ['consumers', '#/consumers'],
    ['consumers-new', '#/consumers/new'],
    ['consumer', '#/consumers/archive'],
    ['api-keys', '#/api-keys'],
    ['api-keys-new', '#/api-keys/new'],
    ['users', '#/users'],
    ['users-new', '#/users/new'],
    ['user', `#/users/${userId}`],
    ['audit-log', '#/audit-log'],
    ['settings', '#/settings'],
    ['missing', '#/no-such-page'],
  ]
})
afterAll(async () => {
  await failing.close()
  await stage.close()
})

/** Goes there, and waits until all that the page reads is there. */
async function come(visit: Visit, path: string): Promise<void> {
  await visit.go(path)
  await visit.page.locator('main h1').waitFor()
  await vi.waitFor(async () => expect(await visit.page.locator('main .loading').count()).toBe(0), {
    timeout: 15_000,
    interval: 50,
  })
}

describe.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 360],
] as const)('In the %s theme, %i pixels wide', (theme, width) => {
  it('each page is sound', async () => {
    const visit = await stage.signedIn({ theme, width })
    const found: string[] = []
    for (const [name, path] of views) {
      await come(visit, path)
      await visit.shot(`${name}-${width === 360 ? '360' : theme}`)
      found.push(...visit.faults().map((fault) => `${name}: ${fault}`))
      found.push(...(await visit.axe()).map((violation) => `${name}: ${violation}`))
      if (await visit.page.evaluate('document.documentElement.scrollWidth > innerWidth'))
        found.push(`${name}: is wider than the window`)
      if ((await visit.page.title()).startsWith('taken')) found.push(`${name}: a script of others has run`)
      if ((await visit.page.locator('img[onerror], main script').count()) > 0)
        found.push(`${name}: what others wrote is HTML`)
      if ((await visit.page.locator('main h1').count()) !== 1) found.push(`${name}: has not one title`)
    }
    expect(found).toEqual([])
  }, 240_000)
})

it('Each page asks the API so little that five in ten seconds are within the limit that everybody has', async () => {
  const visit = await stage.signedIn()
  const asked: string[] = []
  visit.page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/')) asked.push(`${request.method()} ${pathname}`)
  })
  const dear: unknown[] = []
  for (const [name, path] of views) {
    asked.length = 0
    await come(visit, path)
    if (asked.length > MOST_ASKED) dear.push([name, ...asked])
  }
  expect(dear).toEqual([])
})
