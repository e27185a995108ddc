/** @module A picture is fetched once for all, within the limits of its instance, and remembered: what it is, or that it isn't. */
import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { picturePath, readPicturePath } from '../../src/pictures/path.ts'
import type { Deps } from '../../src/workers/deps.ts'
import { instanceAccess } from '../../src/workers/instance-access.ts'
import { loadPicture, type PictureAsk } from '../../src/workers/picture-loader.ts'
import { getPicture } from '../../src/workers/pictures.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import type { Fault } from '../simulator/faults.ts'
import { picture } from '../simulator/pictures.ts'
import { control, pollAgain, type Tubewire, testDeps, watched } from '../support/harness.ts'
import { resolving } from '../support/resolving.ts'

const MINUTE = 60_000

let tubewire: Tubewire
let instance: RemoteInstance
beforeEach(async () => {
  tubewire = testDeps()
  instance = await control.instance({ videos: 1, limits: { activityPub: 10_000 } })
})

const pathOf = (name: string) => `/lazy-static/thumbnails/${name}.jpg`
const urlOf = (name: string) => instance.origin + pathOf(name)
const show = (name: string) => getPicture(tubewire.deps, urlOf(name))
const requests = async () => (await instance.requests()).length
const askFor = (url: string, now: number, allowLocal = true) => ({
  key: url,
  url,
  allowLocal,
  now,
  userAgent: 'Tubewire/test',
})
const names = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`)
const isJpegOf = (path: string) => ({
  kind: 'picture',
  type: 'image/jpeg',
  bytes: expect.toSatisfy((bytes?: Uint8Array) => picture('jpg', path).equals(bytes ?? new Uint8Array())),
  etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
})

/** As in another place of the world, where nobody has heard yet of what was stored. */
function elsewhere({ deps }: Tubewire): Deps {
  const unaware = new Proxy(deps.env.PICTURES, {
    get: () => async () => ({ value: null, metadata: null, cacheStatus: null }),
  })
  return { ...deps, env: { ...deps.env, PICTURES: unaware } }
}

describe('A picture', () => {
  it('that an event names is shown at the path that was signed for it', async () => {
    const { deps } = tubewire
    const { instance: watchedOne, id } = await watched(tubewire)
    const published = await watchedOne.publish()
    await pollAgain(tubewire, id)
    const data = await env.DB.prepare('SELECT data FROM events WHERE subject = ?')
      .bind(published.uuid)
      .first<string>('data')
    const { thumbnailUrl } = JSON.parse(data ?? '{}').video

    const path = await picturePath(deps.config.encryptionKeys, 'thumbnails', thumbnailUrl)
    const url = await readPicturePath(deps.config.encryptionKeys, path)
    expect(await getPicture(deps, url ?? '')).toEqual(isJpegOf(new URL(thumbnailUrl).pathname))
  })

  it('is fetched once for a hundred who want it at the same time', async () => {
    const shown = await Promise.all(Array.from({ length: 100 }, () => show('new')))
    for (const one of shown) expect(one).toEqual(isJpegOf(pathOf('new')))
    expect(await requests()).toBe(1)
  })

  it('is fetched once for a hundred places that have not heard of each other, nor of what was stored', async () => {
    const shown = await Promise.all(
      Array.from({ length: 100 }, () => getPicture(elsewhere(tubewire), urlOf('new'))),
    )
    for (const one of shown) expect(one).toEqual(isJpegOf(pathOf('new')))
    for (let late = 0; late < 3; late += 1) await getPicture(elsewhere(tubewire), urlOf('new'))
    expect(await requests()).toBe(1)
  })

  it('is fetched once, although the object that fetched it is gone', async () => {
    const ids: DurableObjectId[] = []
    const watching = elsewhere(tubewire)
    watching.env.PICTURE_LOADER = new Proxy(env.PICTURE_LOADER, {
      get: (target, method) =>
        method === 'getByName'
          ? (name: string) => {
              const stub = target.getByName(name)
              ids.push(stub.id)
              return stub
            }
          : Reflect.get(target, method),
    })
    await getPicture(watching, urlOf('new'))
    for (const id of ids.splice(0)) await evictDurableObject(env.PICTURE_LOADER.get(id))
    expect(await getPicture(watching, urlOf('new'))).toEqual(isJpegOf(pathOf('new')))
    expect(ids).toHaveLength(1)
    expect(await requests()).toBe(1)
  })

  it('is shown from the cache, also when its instance is gone', async () => {
    await show('kept')
    await instance.close()
    tubewire.advance(20 * 86_400_000)
    expect(await show('kept')).toEqual(isJpegOf(pathOf('kept')))
  })

  it('is not another: each has its bytes and its ETag', async () => {
    const [one, other] = [await show('one'), await show('other')]
    expect(one).toEqual(isJpegOf(pathOf('one')))
    expect(other).toEqual(isJpegOf(pathOf('other')))
    expect(one).not.toMatchObject({ etag: other.kind === 'picture' && other.etag })
  })

  it('that hangs holds up no other', async () => {
    await instance.fail({ kind: 'timeout', path: pathOf('hanging') })
    const hanging = show('hanging')
    expect(await show('quick')).toEqual(isJpegOf(pathOf('quick')))
    await instance.close()
    expect(await hanging).toMatchObject({ kind: 'missing', reason: expect.stringContaining('could not be') })
  })
})

describe('A picture that there is not', () => {
  const failures: [Fault, number, string][] = [
    [{ kind: '404' }, 10 * MINUTE, 'answered 404'],
    [{ kind: '410' }, 10 * MINUTE, 'answered 410'],
    [{ kind: '500' }, MINUTE, 'answered 500'],
    [{ kind: 'close' }, MINUTE, 'could not be reached'],
    [{ kind: 'redirect' }, MINUTE, 'redirects to https://elsewhere.example/'],
    [{ kind: 'endless-picture' }, MINUTE, 'answered more than 2097152 bytes'],
    [{ kind: 'svg' }, MINUTE, 'answered no JPEG'],
    [{ kind: 'html-as-jpeg' }, MINUTE, 'answered no JPEG'],
  ]
  it.each(failures)(
    '%j is asked for once, by a hundred, and again after %i ms',
    async (fault, forMs, why) => {
      await instance.fail(fault)
      const shown = await Promise.all(Array.from({ length: 100 }, () => show('broken')))
      const reason = expect.stringMatching(new RegExp(`^${instance.host} .*${why}`))
      for (const one of shown) expect(one).toMatchObject({ kind: 'missing', reason })
      await instance.heal()

      tubewire.advance(forMs - 1_000)
      expect(await show('broken')).toMatchObject({ kind: 'missing', reason })
      expect(await getPicture(elsewhere(tubewire), urlOf('broken'))).toMatchObject({
        kind: 'missing',
        reason,
      })
      await expect.poll(requests).toBe(1)

      // The object's clock has gone on while it waited.
      tubewire.advance(2_000)
      expect(await show('broken')).toEqual(isJpegOf(pathOf('broken')))
      expect(await requests()).toBe(2)
    },
  )

  it('says until when it is remembered', async () => {
    await instance.fail({ kind: '404' })
    const now = tubewire.deps.clock()
    const { until } = { until: 0, ...(await show('gone')) }
    expect(until).toBeGreaterThanOrEqual(now + 10 * MINUTE)
    expect(until).toBeLessThan(now + 11 * MINUTE)
  })

  it.each(['http://127.0.0.1:9/a.jpg', 'https://192.168.0.1/a.jpg', 'https://a.internal/a.jpg', 'nonsense'])(
    'where nothing may be asked, %s, needs no cache, no object and no request',
    async (url) => {
      const nothing = new Proxy({}, { get: () => undefined })
      const config = parseConfig({ ...env, ALLOW_LOCAL_TARGETS: 'false' })
      // Everything that it would be asked by is missing.
      const deps = { ...tubewire.deps, config, env: nothing as Env }
      expect(await getPicture(deps, url)).toMatchObject({ kind: 'missing', reason: /^its URL/ })
    },
  )

  it('on a server nearby, is refused by the loader too', async () => {
    const ask = askFor(urlOf('a'), tubewire.deps.clock(), false)
    expect(await loadPicture(tubewire.deps, ask)).toMatchObject({
      kind: 'missing',
      reason: expect.stringContaining('must be https (got'),
    })
    expect(await requests()).toBe(0)
  })
})

describe('A picture under a name', () => {
  it.each([
    ['private', ['10.0.0.1'], 'must be public (peertube.example resolves to 10.0.0.1)'],
    ['unknown', null, "can't be checked now (looking up peertube.example: the resolver answered SERVFAIL)"],
  ])('is not fetched when its address is %s', async (name, addresses, reason) => {
    const servers = { 'peertube.example': instance.origin }
    const { deps } = resolving(tubewire.deps, () => addresses, servers)
    const { dnsUrl } = deps.config
    const ask = { ...askFor(`https://peertube.example${pathOf(name)}`, deps.clock(), false), dnsUrl }
    expect(await loadPicture(deps, ask)).toMatchObject({
      kind: 'missing',
      reason: expect.stringContaining(reason),
    })
    expect(await requests()).toBe(0)
  })

  it('is looked up by the loader as the configuration says', async () => {
    const asks: PictureAsk[] = []
    const loader = new Proxy(env.PICTURE_LOADER, {
      get: () => () => ({
        load: async (ask: PictureAsk) => {
          asks.push(ask)
          return { kind: 'busy', retryAfterSeconds: 1 }
        },
      }),
    })
    const { deps } = resolving(tubewire.deps, () => ['8.8.8.8'])
    const config = { ...deps.config, publicUrl: 'https://tubewire.example' }
    await getPicture(
      { ...deps, config, env: { ...deps.env, PICTURE_LOADER: loader } },
      'https://peertube.example/lazy-static/thumbnails/b.jpg',
    )
    const { dnsUrl, publicUrl } = config
    expect(asks).toMatchObject([{ allowLocal: false, dnsUrl, publicUrl }])
  })
})

describe('Politeness', () => {
  // The platform's loaders have a clock of their own, which a busy machine lets run far: here only the test's goes on.
  const loaders = new Proxy(env.PICTURE_LOADER, {
    get: () => () => ({ load: (ask: PictureAsk) => loadPicture(tubewire.deps, ask) }),
  })
  const show = (name: string) => {
    const { deps } = tubewire
    return getPicture({ ...deps, env: { ...deps.env, PICTURE_LOADER: loaders } }, urlOf(name))
  }

  it('fetches so many pictures, asks the others to come back, and remembers nothing of them', async () => {
    const first = await Promise.all(names(25).map(show))
    expect(first.filter(({ kind }) => kind === 'picture')).toHaveLength(13)
    expect(first.filter(({ kind }) => kind === 'busy')).toHaveLength(12)
    expect(first).toContainEqual({ kind: 'busy', retryAfterSeconds: 1 })
    expect(await requests()).toBe(13)

    tubewire.advance(10_000)
    const again = await Promise.all(names(25).map(show))
    for (const [index, one] of again.entries()) expect(one).toEqual(isJpegOf(pathOf(`p${index}`)))
    expect(await requests()).toBe(25)
  })

  it('asks an instance for no more than 25 pictures in any ten seconds, however many are wanted', async () => {
    const { deps } = tubewire
    const startedAt = deps.clock()
    const times: number[] = []
    const counting: typeof fetch = async () => {
      times.push(deps.clock() - startedAt)
      return new Response(new Uint8Array(picture('jpg', '')))
    }
    for (let second = 0; second < 60; second += 1) {
      await Promise.all(
        names(10).map((name) =>
          loadPicture({ ...deps, fetch: counting }, askFor(urlOf(`${name}-${second}`), 0)),
        ),
      )
      tubewire.advance(1_000)
    }
    for (const start of times) {
      expect(times.filter((at) => at >= start && at < start + 10_000).length).toBeLessThanOrEqual(25)
    }
    // Nor far fewer.
    expect(times.length).toBeGreaterThan(70)
  })

  it('learns a lower limit from the headers, and keeps to half of it', async () => {
    await instance.setLimits({ activityPub: 8 })
    await show('p0')
    for (let second = 0; second < 40; second += 1) {
      await Promise.all(names(20).map(show))
      tubewire.advance(1_000)
      await instance.advance(1_000)
    }
    expect((await instance.stats()).tooMany).toBe(0)
    const times = (await instance.requests()).map(({ at }) => at)
    // The first request is made before the limit is known.
    for (const start of times.slice(1)) {
      expect(times.filter((at) => at >= start && at < start + 10_000).length).toBeLessThanOrEqual(4)
    }
    expect(times.length).toBeGreaterThan(8)
  })

  it.each(['429', '503'] as const)('keeps away as long as a %s asks, with all pictures', async (kind) => {
    await instance.fail({ kind, retryAfter: '30', times: 1 })
    expect(await show('refused')).toEqual({ kind: 'busy', retryAfterSeconds: 30 })
    tubewire.advance(29_000)
    for (const name of ['refused', 'another']) {
      expect(await show(name)).toMatchObject({ kind: 'busy', retryAfterSeconds: 1 })
    }
    expect(await requests()).toBe(1)
    tubewire.advance(2_000)
    expect(await show('refused')).toEqual(isJpegOf(pathOf('refused')))
    expect(await requests()).toBe(2)
  })

  it('of one instance is nothing to another', async () => {
    await instance.fail({ kind: '429', retryAfter: '3600' })
    await show('refused')
    const other = await control.instance({ videos: 1 })
    const url = `${other.origin}/lazy-static/avatars/a.jpg`
    expect(await getPicture(tubewire.deps, url)).toMatchObject({ kind: 'picture' })
  })

  it('lets pictures in while the instance is being read, and readers while pictures are spent', async () => {
    const { deps } = tubewire
    const reader = () => instanceAccess(env.RATE_LIMITER, instance.host, crypto.randomUUID(), deps.clock)
    const reading = reader()
    expect(await reading.ask()).toMatchObject({ kind: 'granted' })
    expect(await show('p0')).toMatchObject({ kind: 'picture' })
    await reading.leave()

    await Promise.all(names(30).map(show))
    expect(await show('another')).toMatchObject({ kind: 'busy' })
    expect(await reader().ask()).toMatchObject({ kind: 'granted' })
  })
})

describe('A cache that fails', () => {
  /** A cache of which one method fails. */
  const failing = (method: 'put' | 'getWithMetadata'): Env =>
    ({
      ...tubewire.deps.env,
      PICTURES: new Proxy(env.PICTURES, {
        get: (target, name) =>
          name === method
            ? async () => {
                throw new Error('KV is down')
              }
            : Reflect.get(target, name).bind(target),
      }),
    }) satisfies Env

  it('to read: nothing is fetched, for then each viewer would be felt by the instance', async () => {
    const deps = { ...tubewire.deps, env: failing('getWithMetadata') }
    await expect(getPicture(deps, urlOf('a'))).rejects.toThrow('KV is down')
    const ask = askFor(urlOf('a'), deps.clock())
    await expect(loadPicture(deps, ask)).rejects.toThrow('KV is down')
    expect(await requests()).toBe(0)
  })

  it('to store: the picture is shown all the same, and the log says so', async () => {
    const deps = { ...tubewire.deps, env: failing('put') }
    const ask = askFor(urlOf('a'), deps.clock())
    expect(await loadPicture(deps, ask)).toEqual(isJpegOf(pathOf('a')))
    expect(tubewire.log).toMatchObject([
      { log: 'error', where: expect.stringContaining('keeping a picture'), error: 'Error: KV is down' },
    ])
  })
})
