/** @module Videos of the simulated instance: edits, privacies, lives, and the lists that show them. */
import { afterEach, describe, expect, it } from 'vitest'
import { type InstanceOptions, type SimulatedInstance, startInstance } from './instance.ts'
import type { Privacy } from './labels.ts'
import { tokenOf, type User } from './recordings.ts'

type Video = { uuid: string; name: string; isLive: boolean; publishedAt: string; [field: string]: unknown }
type List = { total: number; data: Video[] }

const started: SimulatedInstance[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((instance) => instance.close()))
})

async function start(options: InstanceOptions = {}) {
  const instance = await startInstance({ videos: 0, ...options })
  started.push(instance)
  async function get<TBody>(path: string, user?: User): Promise<{ status: number; body: TBody }> {
    const headers: HeadersInit = user ? { authorization: `Bearer ${tokenOf(user)}` } : {}
    const response = await fetch(instance.origin + path, { headers })
    // What the simulator answers to this path.
    return { status: response.status, body: (await response.json()) as TBody }
  }
  const names = async (path: string, user?: User) =>
    (await get<List>(path, user)).body.data.map(({ name }) => name)
  const detail = async (uuid: string, user?: User) => await get<Video>(`/api/v1/videos/${uuid}`, user)
  return { instance, get, names, detail }
}

const LIST = '/api/v1/videos'

describe('Edits', () => {
  it('show in lists and in the detail; tags and the whole description only there', async () => {
    const { instance, get, detail } = await start()
    const { uuid } = instance.publish({ tags: ['old'], language: 'en', category: 1, duration: 61 })
    const before = (await get<List>(LIST)).body.data[0]
    expect(before).toMatchObject({
      language: { label: 'English' },
      category: { label: 'Music' },
      duration: 61,
    })
    expect((await detail(uuid)).body['tags']).toEqual(['old'])
    const description = 'x'.repeat(300)
    instance.edit(uuid, { name: 'New', description, category: 15, licence: 1, language: null })
    instance.edit(uuid, { tags: ['a', 'b'], thumbnail: true })
    const short = `${'x'.repeat(247)}...`
    const shown = {
      name: 'New',
      category: { id: 15, label: 'Science & Technology' },
      licence: { id: 1, label: 'Attribution' },
      language: { id: null, label: 'Unknown' },
      truncatedDescription: short,
    }
    const after = (await get<List>(LIST)).body.data[0]
    expect(after).toMatchObject({ ...shown, description: short })
    expect(after).not.toHaveProperty('tags')
    expect(after?.['thumbnailPath']).not.toBe(before?.['thumbnailPath'])
    expect((await detail(uuid)).body).toMatchObject({ ...shown, description, tags: ['a', 'b'] })
    instance.edit(uuid, { description: null, nsfw: true })
    expect((await detail(uuid)).body).toMatchObject({ description: null, nsfw: true })
  })
})

describe('Privacies', () => {
  const cases: [Privacy, number, number, number, number][] = [
    // anonymous, somebody else, the owner; how many are listed
    ['public', 200, 200, 200, 1],
    ['unlisted', 200, 200, 200, 0],
    ['private', 401, 403, 200, 0],
    ['internal', 401, 200, 200, 0],
    ['password', 403, 403, 200, 0],
  ]
  it.each(cases)(
    '%s: %i anonymously, %i to others, %i to the owner, %i listed',
    async (privacy, ...expected) => {
      const { instance, get, detail } = await start()
      const { uuid } = instance.publish()
      instance.setPrivacy(uuid, privacy)
      const statuses = await Promise.all(
        [undefined, 'bob', 'alice'].map(async (user) => (await detail(uuid, user as User)).status),
      )
      expect([...statuses, (await get<List>(LIST)).body.total]).toEqual(expected)
      expect((await get(`${LIST}/${uuid}/comment-threads`)).status).toBe(expected[0])
    },
  )

  it('asks for the password by a code', async () => {
    const { instance, detail } = await start()
    const { uuid } = instance.publish({ privacy: 'password' })
    expect((await detail(uuid)).body).toMatchObject({ code: 'video_requires_password', status: 403 })
  })
})

describe('Lives', () => {
  it('are listed at the top while they are on', async () => {
    const { instance, get, detail, names } = await start({ videos: 2 })
    const { uuid } = instance.startLive({ name: 'On air' })
    expect((await get<List>(LIST)).body.data[0]).toMatchObject({ uuid, isLive: true })
    expect((await detail(uuid)).body).toMatchObject({ isLive: true, state: { id: 1 } })
    expect(await names(`${LIST}?isLive=true`)).toEqual(['On air'])
    expect(await names(`${LIST}?isLive=false`)).not.toContain('On air')
  })

  it.each([
    ['with a replay', { replay: true }, true, false, { id: 1, label: 'Published' }],
    ['permanent', { permanent: true }, false, true, { id: 4, label: 'Waiting for livestream' }],
    ['neither', {}, false, true, { id: 5, label: 'Live ended' }],
  ])('ended, %s', async (_kind, how, isListed, isLive, state) => {
    const { instance, detail } = await start()
    const { uuid } = instance.startLive()
    instance.endLive(uuid, how)
    expect(instance.list()).toEqual(isListed ? [uuid] : [])
    const { status, body } = await detail(uuid)
    expect([status, body.isLive, body['state']]).toEqual([200, isLive, state])
  })

  it('a permanent one comes back on top', async () => {
    const { instance, detail } = await start()
    const { uuid, publishedAt } = instance.startLive()
    instance.endLive(uuid, { permanent: true })
    instance.advance(60_000)
    const other = instance.publish()
    instance.advance(60_000)
    instance.restartLive(uuid)
    expect(instance.list()).toEqual([uuid, other.uuid])
    expect((await detail(uuid)).body.publishedAt > publishedAt).toBe(true)
  })
})

describe('Lists', () => {
  it('of a channel, an account, subscriptions', async () => {
    const { instance, names, get } = await start()
    instance.publish({ name: 'Of alice' })
    instance.publish({ name: 'Of bob', channel: 'bob_channel' })
    instance.publish({ name: 'Hidden', channel: 'bob_channel', privacy: 'unlisted' })
    expect(await names('/api/v1/video-channels/alice_channel/videos')).toEqual(['Of alice'])
    expect(await names(`/api/v1/video-channels/bob_channel@${instance.host}/videos`)).toEqual(['Of bob'])
    expect(await names('/api/v1/accounts/bob/videos')).toEqual(['Of bob'])
    const subscriptions = '/api/v1/users/me/subscriptions/videos'
    expect((await get(subscriptions)).status).toBe(401)
    expect(await names(subscriptions, 'carol')).toEqual([])
    instance.subscribe('carol', 'bob_channel')
    expect(await names(subscriptions, 'carol')).toEqual(['Of bob'])
  })

  it.each([
    ['search=THIRD', ['The third']],
    ['tagsOneOf=A&tagsOneOf=nope', ['The second', 'First']],
    ['languageOneOf=fr', ['The second']],
    ['categoryOneOf=2&categoryOneOf=1', ['The second', 'First']],
    ['search=the&sort=publishedAt', ['The second', 'The third']],
    ['search=the&count=1&start=1', ['The second']],
    ['isLocal=false', []],
    ['searchTarget=local&isLocal=true', ['The third', 'The second', 'First']],
  ])('of a search: %s', async (query, expected) => {
    const { instance, names } = await start()
    instance.publish({ name: 'First', tags: ['a'], category: 2 })
    instance.publish({ name: 'The second', tags: ['b', 'a'], language: 'fr', category: 1 })
    instance.publish({ name: 'The third' })
    expect(await names(`/api/v1/search/videos?${query}`)).toEqual(expected)
  })

  it.each([
    ['/api/v1/video-channels/alice_channel', 200, 'alice_channel'],
    ['/api/v1/video-channels/bob_channel', 200, 'bob_channel'],
    ['/api/v1/accounts/alice', 200, 'alice'],
    ['/api/v1/accounts/bob', 200, 'bob'],
    ['/api/v1/accounts/nobody', 404, undefined],
    ['/api/v1/accounts/alice@elsewhere.example', 404, undefined],
    ['/api/v1/accounts/nobody/videos', 404, undefined],
    ['/api/v1/video-channels/nothing', 404, undefined],
  ])('%s is %i', async (path, status, name) => {
    const got = await (await start()).get<{ name?: string }>(path)
    expect([got.status, got.body.name]).toEqual([status, name])
  })

  it.each([
    ['alice', 'accounts/alice'],
    ['bob_channel', 'video-channels/bob_channel'],
    ['peertube', 'accounts/peertube'],
    ['nobody', null],
  ])('webfinger knows where %s is', async (name, path) => {
    const { instance, get } = await start()
    const resource = `acct:${name}@${instance.host}`
    const found = await get<{ subject: string; links: { href: string }[] }>(
      `/.well-known/webfinger?resource=${encodeURIComponent(resource)}`,
    )
    if (path === null) expect(found.status).toBe(404)
    else
      expect([found.body.subject, found.body.links[0]?.href]).toEqual([
        resource,
        `${instance.origin}/${path}`,
      ])
  })
})
