/** @module An instance that has moved for good: followed once, recorded, and told apart from every other redirect. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { pollInstance } from '../../src/workers/poll.ts'
import { connectTo, leap, toldOf } from '../support/connected.ts'
import { pollAgain, type Tubewire, testDeps, watched } from '../support/harness.ts'
import { resolving } from '../support/resolving.ts'
import { linesOf } from '../support/told.ts'

let tubewire: Tubewire
beforeEach(() => {
  tubewire = testDeps()
})

const placeOf = (id: string) =>
  env.DB.prepare('SELECT host, origin, moved_from AS movedFrom, failures FROM instances WHERE id = ?')
    .bind(id)
    .first()

/** An instance that now redirects. It is the same one under its other name. @returns the requests to each of its two names. */
async function moved(status: number, location: (there: string, url: URL) => string) {
  const { instance, id } = await watched(tubewire)
  const there = instance.origin.replace('127.0.0.1', 'localhost')
  const asked = { here: 0, there: 0 }
  const { fetch } = tubewire.deps
  tubewire.deps.fetch = async (input, init) => {
    const url = new URL(String(input))
    const isHere = url.origin === instance.origin
    asked[isHere ? 'here' : 'there'] += 1
    if (!isHere) return fetch(input, init)
    return new Response(null, { status, headers: { location: location(there, url) } })
  }
  return { instance, id, there, asked }
}

const samePath = (there: string, { pathname, search }: URL) => there + pathname + search

describe('A permanent redirect to the same path elsewhere', () => {
  it.each([301, 308])('(%i) is followed once, recorded, and misses nothing', async (status) => {
    const { instance, id, there, asked } = await moved(status, samePath)
    const { uuid } = await instance.publish()
    await pollAgain(tubewire, id)
    expect(asked.here).toBe(1)
    expect(await placeOf(id)).toEqual({
      host: instance.host,
      origin: there,
      movedFrom: instance.origin,
      failures: 0,
    })
    expect(tubewire.log).toContainEqual({ log: 'moved', instance: instance.host, to: there })
    await instance.edit(uuid, { name: 'edited' })
    await pollAgain(tubewire, id)
    expect(asked.here).toBe(1)
    // Under the name that its events have had from the beginning; and nothing is edited because it has moved.
    expect(await linesOf(instance)).toEqual([`video.published ${uuid}`, `video.updated ${uuid}`])
  })

  it('that leads to a place that does not answer is not recorded: it fails as it did', async () => {
    const { instance, id } = await moved(301, samePath)
    await instance.fail({ kind: '502' })
    await pollAgain(tubewire, id)
    expect(await placeOf(id)).toMatchObject({ origin: instance.origin, movedFrom: null, failures: 1 })
    expect(tubewire.log.at(-1)).toMatchObject({
      outcome: 'failed',
      detail: expect.stringMatching(/^has moved to .*502/),
    })
  })

  it('that leads to what is no instance, whatever it answers, is not recorded', async () => {
    const { instance, id, there } = await moved(301, samePath)
    await instance.answerWith('/nodeinfo/2.0.json', {
      status: 200,
      body: { software: { name: 'forsale', version: '1' } },
    })
    await pollAgain(tubewire, id)
    expect(await placeOf(id)).toMatchObject({ origin: instance.origin, movedFrom: null, failures: 1 })
    expect(tubewire.log.at(-1)).toMatchObject({
      outcome: 'failed',
      detail: `has moved to ${there}, which is not a PeerTube instance: it runs forsale`,
    })
    await instance.heal()
    await pollAgain(tubewire, id)
    expect(await placeOf(id)).toMatchObject({ origin: there, movedFrom: instance.origin, failures: 0 })
  })

  it('that leads to another one is not followed any further', async () => {
    const { instance, id, asked } = await moved(301, samePath)
    await instance.fail({ kind: 'redirect', location: 'https://third.example/' })
    await pollAgain(tubewire, id)
    expect(asked).toEqual({ here: 1, there: 1 })
    expect(await placeOf(id)).toMatchObject({ origin: instance.origin, movedFrom: null, failures: 1 })
  })
})

describe('A token of an instance that moves while it is read', () => {
  /** Redirects what anybody asks, and notes who is shown a token there. @param isMoved of a path. */
  async function movedUnder(wanted: 'notifications' | 'comments', isMoved: (path: string) => boolean) {
    const made = await watched(tubewire)
    const { instance } = made
    const connection = await connectTo(tubewire, made, 'root', { [wanted]: true })
    await leap(tubewire, made, 60_000)
    const there = instance.origin.replace('127.0.0.1', 'localhost')
    const shown: string[] = []
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = async (input, init) => {
      const url = new URL(String(input))
      const isSecret = new Headers(init?.headers).has('authorization')
      if (url.origin === there && isSecret) shown.push(url.pathname)
      if (url.origin === there || isSecret || !isMoved(url.pathname)) return fetch(input, init)
      return new Response(null, { status: 301, headers: { location: samePath(there, url) } })
    }
    return { ...made, connection, there, shown }
  }

  it.each<['notifications' | 'comments', string, (path: string) => boolean]>([
    ['notifications', 'by a source before', () => true],
    ['comments', 'between two pages', (path) => /^\/api\/v1\/videos\/[^/]{36}$/.test(path)],
  ])('is not shown to the new place: %s, %s', async (wanted, _when, isMoved) => {
    const made = await movedUnder(wanted, isMoved)
    const { instance, id, connection, there, shown } = made
    const [uuid = ''] = await instance.list()
    for (let index = 0; index < 110; index += 1) await instance.comment(uuid, `text ${index}`)
    await leap(tubewire, made, 11 * 60_000)
    expect(shown).toEqual([])
    expect(await placeOf(id)).toMatchObject({ origin: there })
    expect(await toldOf(instance, 'connection.')).toEqual([
      `connection.expired ${connection.id} to ${connection.ownerId}`,
    ])
  })
})

describe('A redirect that is not followed', () => {
  it.each<[string, number, Parameters<typeof moved>[1]]>([
    ['for now', 302, samePath],
    ['for now, with the same method', 307, samePath],
    ['to another path', 301, (there) => `${there}/maintenance`],
    ['to itself', 301, (_there, url) => url.href],
    ['to nowhere', 301, () => 'http://'],
    ['to no web address', 301, () => 'file:///etc/passwd'],
  ])('%s is a failure, and nothing else is asked', async (_name, status, location) => {
    const { instance, id, asked } = await moved(status, location)
    tubewire.advance(tubewire.deps.config.maxDelayMs.videos)
    await pollInstance(tubewire.deps, id)
    expect(asked).toEqual({ here: 1, there: 0 })
    expect(await placeOf(id)).toMatchObject({ origin: instance.origin, movedFrom: null, failures: 1 })
  })

  it('is one to a name that resolves to a private address', async () => {
    const { instance, id, asked } = await moved(
      301,
      (_there, { pathname, search }) => `https://there.example${pathname}${search}`,
    )
    await env.DB.prepare("UPDATE instances SET origin = 'https://peertube.example' WHERE id = ?")
      .bind(id)
      .run()
    const resolved = resolving(tubewire.deps, (name) => [name === 'there.example' ? '10.0.0.1' : '8.8.8.8'], {
      'peertube.example': instance.origin,
    })
    await pollAgain({ ...tubewire, deps: resolved.deps }, id)
    expect(asked).toEqual({ here: 1, there: 0 })
    expect(resolved.names).toEqual(['peertube.example', 'there.example'])
    expect(await placeOf(id)).toMatchObject({ movedFrom: null, failures: 1 })
  })

  it('is one to a private address, where those are not allowed', async () => {
    const { instance, id, asked } = await moved(
      301,
      (_there, { pathname, search }) => `https://10.0.0.1${pathname}${search}`,
    )
    await env.DB.prepare("UPDATE instances SET origin = 'https://peertube.example' WHERE id = ?")
      .bind(id)
      .run()
    tubewire.deps.config = { ...tubewire.deps.config, allowLocalTargets: false }
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = (input, init) =>
      fetch(String(input).replace('https://peertube.example', instance.origin), init)
    await pollAgain(tubewire, id)
    expect(asked).toEqual({ here: 1, there: 0 })
    expect(await placeOf(id)).toMatchObject({ movedFrom: null, failures: 1 })
  })
})
