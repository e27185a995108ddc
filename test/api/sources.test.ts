/** @module /api/v1/sources, and those of connections: what of an instance is read, and how late one may learn of it. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { pollInstance } from '../../src/workers/poll.ts'
import { type Answer, forgetAll, KEY, readAnswer, sendTo } from '../support/call.ts'
import { control, count, type Tubewire, testDeps } from '../support/harness.ts'
import { apiKey, as, loggedIn } from '../support/people.ts'

beforeEach(forgetAll)

const UUID = '43493d1c-8fbe-411e-9932-9ee0e7172022'
const SHORT = '9iUHktDza4U9nkpgptkJ5b'

/** Calls the API of this Tubewire: what wakes polls is only kept. */
async function callOn(
  { deps }: Tubewire,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = as(KEY),
): Promise<Answer> {
  return readAnswer(await sendTo(deps, method, `/api/v1${path}`, headers, body))
}

/** An instance of which bob's channel is watched. */
async function made() {
  const tubewire = testDeps()
  const simulated = await control.instance({ limits: { api: 10_000 } })
  const { body } = await callOn(tubewire, 'POST', '/instances', { url: `!bob_channel@${simulated.host}` })
  const id = String(body['id'])
  const add = (source: unknown, headers = as(KEY)) =>
    callOn(tubewire, 'POST', `/instances/${id}/sources`, source, headers)
  const on = (method: string, path: string, change?: unknown, headers?: Record<string, string>) =>
    callOn(tubewire, method, path, change, headers)
  return { tubewire, simulated, id, add, on }
}

/** What is read of an instance, in a line each. */
async function sourcesOf({ on, id }: Awaited<ReturnType<typeof made>>): Promise<string[]> {
  const { body } = await on('GET', `/instances/${id}`)
  const sources = body['sources'] as { kind: string; target: unknown }[]
  return sources.map(({ kind, target }) => `${kind} ${JSON.stringify(target)}`)
}

describe('A source', () => {
  it.each([
    [{ kind: 'videos' }, {}, 60],
    [{ kind: 'videos', channel: 'alice_channel' }, { channel: 'alice_channel' }, 60],
    [{ kind: 'videos', account: 'alice', maxDelaySeconds: 600 }, { account: 'alice' }, 600],
    [{ kind: 'videos', search: { search: 'cats' } }, { search: { search: 'cats' } }, 60],
    [
      { kind: 'videos', search: { tagsOneOf: ['b', 'a'], categoryOneOf: [15, 2], languageOneOf: ['fr'] } },
      { search: { tagsOneOf: ['a', 'b'], languageOneOf: ['fr'], categoryOneOf: [2, 15] } },
      60,
    ],
    [{ kind: 'comments', video: UUID }, { video: UUID }, 120],
    [{ kind: 'comments', video: UUID.toUpperCase() }, { video: UUID }, 120],
    [{ kind: 'comments', video: ` ${SHORT} ` }, { video: UUID }, 120],
    [{ kind: 'comments', video: `HOST/w/${SHORT}?start=5` }, { video: UUID }, 120],
    [{ kind: 'comments', video: `http://HOST/videos/watch/${UUID};threadId=4` }, { video: UUID }, 120],
    [
      { kind: 'comments', channel: 'alice_channel', maxDelaySeconds: null },
      { channel: 'alice_channel' },
      120,
    ],
    [{ kind: 'comments', channel: 'alice_channel', maxDelaySeconds: 5 }, { channel: 'alice_channel' }, 5],
  ])('of %j is made, found, polled and removed', async (sent, target, maxDelaySeconds) => {
    const world = await made()
    const body = JSON.parse(JSON.stringify(sent).replace('HOST', world.simulated.host))
    const added = await world.add(body)
    expect(added.status).toBe(201)
    const shown = { kind: sent.kind, target, state: 'new', maxDelaySeconds, instance: world.id }
    expect(added.body).toMatchObject(shown)
    expect(added.body['target']).toEqual(target)
    const path = `/sources/${added.body['id']}`
    expect(added.headers.get('location')).toBe(`/api/v1${path}`)
    expect((await world.on('GET', path)).body).toEqual(added.body)
    expect((await world.on('GET', `/instances/${world.id}`)).body['sources']).toContainEqual(added.body)

    world.tubewire.advance(1_000)
    await pollInstance(world.tubewire.deps, world.id)
    expect((await world.on('GET', path)).body).toMatchObject({ state: 'ok', lastError: null })

    const again = await world.add(body)
    expect(again.body).toMatchObject({ status: 409, code: 'already_watched' })
    expect(again.body['detail']).toContain(String(added.body['id']))

    expect((await world.on('DELETE', path)).status).toBe(204)
    expect((await world.on('GET', path)).status).toBe(404)
    expect((await world.on('DELETE', path)).status).toBe(404)
    expect((await world.on('PATCH', path, {})).status).toBe(404)
    world.tubewire.advance(60_000)
    expect((await world.add(body)).status).toBe(201)
  })

  it('that is a part of what is read is refused', async () => {
    const world = await made()
    await world.add({ kind: 'videos', account: 'alice' })
    const ofAccount = await world.add({ kind: 'videos', channel: 'alice_channel' })
    expect(ofAccount.body).toMatchObject({
      code: 'already_watched',
      detail: expect.stringContaining('account alice'),
    })
    await world.add({ kind: 'videos' })
    for (const part of [{ channel: 'alice_channel' }, { account: 'bob' }, { search: { search: 'cats' } }])
      expect((await world.add({ kind: 'videos', ...part })).body, JSON.stringify(part)).toMatchObject({
        code: 'already_watched',
        detail: expect.stringContaining('all of its videos'),
      })
    // To read comments more closely is something else than to read them.
    expect((await world.add({ kind: 'comments', channel: 'alice_channel' })).status).toBe(201)
    expect((await sourcesOf(world)).toSorted()).toEqual([
      'comments {"channel":"alice_channel"}',
      'comments {}',
      'videos {"account":"alice"}',
      'videos {"channel":"bob_channel"}',
      'videos {}',
    ])
  })

  it.each([
    [{ kind: 'videos', channel: 'nobody' }, 'has no channel nobody'],
    [{ kind: 'videos', account: 'alice_channel' }, 'has no account alice_channel'],
    [{ kind: 'comments', channel: 'alice' }, 'has no channel alice'],
    [{ kind: 'comments', video: '00000000-0000-4000-8000-000000000000' }, 'has no video'],
  ])('of what is not there is refused: %j', async (body, detail) => {
    const world = await made()
    const refused = await world.add(body)
    expect(refused.body).toMatchObject({
      status: 422,
      code: 'not_there',
      detail: expect.stringContaining(detail),
    })
    expect(await sourcesOf(world)).toHaveLength(2)
  })

  it.each(['unlisted', 'private'] as const)(
    'of the comments on a video that is %s is refused: they are not for everybody',
    async (privacy) => {
      const world = await made()
      const { uuid } = await world.simulated.publish({ privacy })
      const refused = await world.add({ kind: 'comments', video: uuid })
      expect(refused.body).toMatchObject({ status: 422, code: 'not_there' })
    },
  )

  it.each([
    [{}, 'kind'],
    [{ kind: 'notifications' }, 'kind'],
    [{ kind: 'videos', channel: 'a', account: 'b' }, 'account'],
    [{ kind: 'videos', channel: 'a', search: { search: 'x' } }, 'search'],
    [{ kind: 'videos', video: UUID }, 'video'],
    [{ kind: 'comments', account: 'alice' }, 'account'],
    [{ kind: 'comments', search: { search: 'x' } }, 'search'],
    [{ kind: 'videos', search: {} }, 'search'],
    [{ kind: 'videos', search: { search: '' } }, 'search.search'],
    [{ kind: 'videos', search: { search: 'x\u0000' } }, 'search.search'],
    [{ kind: 'videos', search: { tagsOneOf: [] } }, 'search.tagsOneOf'],
    [{ kind: 'videos', search: { tagsOneOf: 'x' } }, 'search.tagsOneOf'],
    [{ kind: 'videos', search: { categoryOneOf: [1.5] } }, 'search.categoryOneOf[0]'],
    [{ kind: 'videos', search: { isLocal: true } }, 'search.isLocal'],
    [{ kind: 'videos', channel: 'a@b.example' }, 'channel'],
    [{ kind: 'videos', channel: '../videos' }, 'channel'],
    [{ kind: 'videos', channel: '' }, 'channel'],
    [{ kind: 'comments', video: 'nonsense' }, 'video'],
    [{ kind: 'comments', video: '17' }, 'video'],
    [{ kind: 'comments', video: '0OIl0OIl0OIl0OIl0OIl00' }, 'video'],
    [{ kind: 'comments', video: `https://other.example/w/${SHORT}` }, 'video'],
    [{ kind: 'videos', maxDelaySeconds: 0 }, 'maxDelaySeconds'],
    [{ kind: 'videos', maxDelaySeconds: 86_401 }, 'maxDelaySeconds'],
    [{ kind: 'videos', maxDelaySeconds: 60.5 }, 'maxDelaySeconds'],
    [{ kind: 'videos', maxDelaySeconds: '60' }, 'maxDelaySeconds'],
    [{ kind: 'videos', target: 'channel:a' }, 'target'],
  ])('%j is refused', async (body, field) => {
    const world = await made()
    const refused = await world.add(body)
    expect(refused.status).toBe(400)
    expect(Object.keys(refused.body['invalid-params'] ?? {})).toEqual([field])
    expect(await sourcesOf(world)).toHaveLength(2)
  })

  it.each(['cats', null, 7])(
    'a search that is %j is said to be no object, not to be missing',
    async (search) => {
      const world = await made()
      const { body } = await world.add({ kind: 'videos', search })
      expect(body['invalid-params']).toMatchObject({ search: { msg: 'must be an object' } })
    },
  )

  it('of an instance that fails, or is not there, is refused', async () => {
    const world = await made()
    expect((await world.on('POST', '/instances/ins_0/sources', { kind: 'videos' })).status).toBe(404)
    for (const [fault, code] of [
      ['502', 'http'],
      ['html-200', 'not_peertube'],
      ['429', 'rate_limited'],
      ['close', 'unreachable'],
    ] as const) {
      await world.simulated.fail({ kind: fault })
      for (const part of [
        { kind: 'videos', channel: 'alice_channel' },
        { kind: 'videos', search: { search: 'x' } },
        { kind: 'comments', video: UUID },
      ]) {
        const refused = await world.add(part)
        expect(refused.body, `${fault} ${JSON.stringify(part)}`).toMatchObject({ code })
        world.tubewire.advance(600_000)
      }
      await world.simulated.heal()
    }
    expect(await sourcesOf(world)).toHaveLength(2)
  })

  it('is added to an instance a hundred times and no more', async () => {
    const world = await made()
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 97)
       INSERT INTO sources (id, instance_id, kind, target, due_at, checkpoint, created_at)
       SELECT 'src_' || i, ?, 'videos', 'channel:c' || i, 0, '{}', 0 FROM n`,
    )
      .bind(world.id)
      .run()
    expect((await world.add({ kind: 'videos' })).body).toMatchObject({ status: 409, code: 'too_many' })
  })

  it('that is the last one is not removed', async () => {
    const world = await made()
    const { body } = await world.on('GET', `/instances/${world.id}`)
    const [videos, comments] = (body['sources'] as { id: string }[]).map(({ id }) => id)
    expect((await world.on('DELETE', `/sources/${comments}`)).status).toBe(204)
    const last = await world.on('DELETE', `/sources/${videos}`)
    expect(last.body).toMatchObject({ status: 409, code: 'last_source' })
    expect(last.body['detail']).toContain(`DELETE /api/v1/instances/${world.id}`)
    expect(await sourcesOf(world)).toEqual(['videos {"channel":"bob_channel"}'])
    expect((await world.add({ kind: 'comments' })).status).toBe(201)
    expect((await world.on('DELETE', `/sources/${videos}`)).status).toBe(204)
  })

  it('that is added while the instance is paused is read when it is resumed', async () => {
    const world = await made()
    await world.on('PATCH', `/instances/${world.id}`, { paused: true })
    const added = await world.add({ kind: 'comments', channel: 'alice_channel' })
    expect(added.body).toMatchObject({ state: 'paused', nextPollAt: null })
    await world.on('PATCH', `/instances/${world.id}`, { paused: false })
    const { body } = await world.on('GET', `/sources/${added.body['id']}`)
    expect(body).toMatchObject({ state: 'new', nextPollAt: expect.any(String) })
  })

  it('is named in the audit log', async () => {
    const world = await made()
    const { body } = await world.add({ kind: 'videos', account: 'alice' })
    await world.on('PATCH', `/sources/${body['id']}`, { maxDelaySeconds: 600 })
    await world.on('PATCH', `/sources/${body['id']}`, { maxDelaySeconds: 600 })
    await world.on('DELETE', `/sources/${body['id']}`)
    const { results } = await env.DB.prepare(
      'SELECT action FROM audit_log WHERE target = ? ORDER BY sequence',
    )
      .bind(body['id'])
      .all()
    expect(results).toEqual([{ action: 'addSource' }, { action: 'patchSource' }, { action: 'delSource' }])
  })
})

describe('How late one may learn of something', () => {
  it('is changed, and back to what the configuration says', async () => {
    const { on, add } = await made()
    const path = `/sources/${(await add({ kind: 'videos', account: 'alice' })).body['id']}`
    const close = `/sources/${(await add({ kind: 'comments', video: UUID })).body['id']}`
    for (const [to, expected] of [
      [86_400, 86_400],
      [1, 1],
      [null, 60],
    ]) {
      expect((await on('PATCH', path, { maxDelaySeconds: to })).body).toMatchObject({
        maxDelaySeconds: expected,
      })
      expect((await on('GET', path)).body).toMatchObject({ maxDelaySeconds: expected })
    }
    await on('PATCH', close, { maxDelaySeconds: 600 })
    expect((await on('PATCH', close, { maxDelaySeconds: null })).body).toMatchObject({ maxDelaySeconds: 120 })
    for (const wrong of [0, 86_401, 1.5, '60']) {
      const refused = await on('PATCH', path, { maxDelaySeconds: wrong })
      expect(Object.keys(refused.body['invalid-params'] ?? {})).toEqual(['maxDelaySeconds'])
    }
  })

  it('is a minute at least for other people’s servers', async () => {
    const { tubewire, add, id } = await made()
    const { body } = await add({ kind: 'videos', account: 'alice' })
    const { deps } = tubewire
    const strict = { ...tubewire, deps: { ...deps, config: { ...deps.config, allowLocalTargets: false } } }
    const change = (seconds: number) =>
      callOn(strict, 'PATCH', `/sources/${body['id']}`, { maxDelaySeconds: seconds })
    expect((await change(59)).status).toBe(400)
    expect((await change(60)).status).toBe(200)
    const source = { kind: 'videos', channel: 'x', maxDelaySeconds: 59 }
    expect((await callOn(strict, 'POST', `/instances/${id}/sources`, source)).status).toBe(400)
  })

  it('makes it due by then, but brings nothing forward that rests because it failed', async () => {
    const world = await made()
    const { tubewire, simulated, on, add, id } = world
    const path = `/sources/${(await add({ kind: 'videos', account: 'alice', maxDelaySeconds: 3_600 })).body['id']}`
    await pollInstance(tubewire.deps, id)
    const due = async () =>
      Date.parse(String((await on('GET', path)).body['nextPollAt'])) - tubewire.deps.clock()
    expect(await due()).toBeGreaterThan(3_000_000)
    await on('PATCH', path, { maxDelaySeconds: 600 })
    expect(await due()).toBe(600_000)
    tubewire.advance(300_000)
    await on('PATCH', path, { maxDelaySeconds: 60 })
    expect(await due()).toBe(0)
    await simulated.fail({ kind: '502' })
    await pollInstance(tubewire.deps, id)
    const rests = await due()
    expect(rests).toBeGreaterThan(30_000)
    await on('PATCH', path, { maxDelaySeconds: 1 })
    expect(await due()).toBe(rests)
  })

  it('is not put off by a poll that is under way', async () => {
    const { tubewire, on, add, id } = await made()
    const path = `/sources/${(await add({ kind: 'videos', account: 'alice', maxDelaySeconds: 3_600 })).body['id']}`
    const { fetch } = tubewire.deps
    tubewire.deps.fetch = async (input, init) => {
      const response = await fetch(input, init)
      await on('PATCH', path, { maxDelaySeconds: 60 })
      return response
    }
    await pollInstance(tubewire.deps, id)
    const { body } = await on('GET', path)
    expect(Date.parse(String(body['nextPollAt'])) - tubewire.deps.clock()).toBeLessThanOrEqual(60_000)
  })

  it.each(['PATCH', 'DELETE'])('obeys If-Match: %s', async (method) => {
    const { on, add } = await made()
    const path = `/sources/${(await add({ kind: 'videos', account: 'alice' })).body['id']}`
    const stale = (await on('GET', path)).headers.get('etag') ?? ''
    expect((await on('GET', path, undefined, { ...as(KEY), 'if-none-match': stale })).status).toBe(304)
    await on('PATCH', path, { maxDelaySeconds: 600 })
    const change = method === 'PATCH' ? { maxDelaySeconds: 700 } : undefined
    expect((await on(method, path, change, { ...as(KEY), 'if-match': stale })).status).toBe(412)
    const fresh = (await on('GET', path)).headers.get('etag') ?? ''
    expect((await on('PATCH', path, {})).body).toMatchObject({ maxDelaySeconds: 600 })
    expect((await on('GET', path)).headers.get('etag')).toBe(fresh)
    expect((await on(method, path, change, { ...as(KEY), 'if-match': fresh })).status).toBeLessThan(300)
  })
})

describe('The sources of a connection', () => {
  async function connected() {
    const world = await made()
    const owner = await loggedIn('owner')
    const other = await loggedIn('other')
    const moderator = await loggedIn('moderator', 'Moderator')
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO connections (id, owner_id, instance_id, username, role, expires_at, created_at)
         VALUES ('con_1', ?, ?, 'alice', 2, 0, 0)`,
      ).bind(owner.id, world.id),
      env.DB.prepare(
        `INSERT INTO sources (id, instance_id, kind, target, connection_id, owner_id, due_at, checkpoint, created_at)
         VALUES ('src_n', ?, 'notifications', 'connection:con_1', 'con_1', ?, 0, '{}', 0)`,
      ).bind(world.id, owner.id),
      env.DB.prepare(
        `INSERT INTO sources (id, instance_id, kind, target, connection_id, owner_id, due_at, checkpoint, created_at)
         VALUES ('src_s', ?, 'videos', 'subscriptions:con_1', 'con_1', ?, 0, '{}', 0)`,
      ).bind(world.id, owner.id),
    ])
    return { ...world, owner, other, moderator }
  }
  const path = '/connections/con_1/sources/src_n'

  it('are shown as those of instances are, and changed by its owner', async () => {
    const { on, owner, id } = await connected()
    const { body } = await on('GET', '/connections/con_1', undefined, as(owner.token))
    expect(body).toMatchObject({
      sources: [
        { id: 'src_s', kind: 'videos', target: { connection: 'con_1' }, maxDelaySeconds: 60 },
        { id: 'src_n', kind: 'notifications', target: { connection: 'con_1' }, instance: id, state: 'new' },
      ],
    })
    const changed = await on('PATCH', path, { maxDelaySeconds: 900 }, as(owner.token))
    expect(changed.body).toMatchObject({ id: 'src_n', maxDelaySeconds: 900 })
    const read = await on('GET', path, undefined, as(owner.token))
    expect(read.body).toEqual(changed.body)
    const stale = { ...as(owner.token), 'if-match': '"x"' }
    expect((await on('PATCH', path, { maxDelaySeconds: 60 }, stale)).status).toBe(412)
  })

  it('are nobody else’s: not in the instance, not as sources of everybody', async () => {
    const world = await connected()
    const { on, other, moderator } = world
    for (const { token } of [other, moderator]) {
      expect((await on('GET', path, undefined, as(token))).status).toBe(404)
      expect((await on('PATCH', path, { maxDelaySeconds: 60 }, as(token))).status).toBe(404)
    }
    expect((await on('GET', '/sources/src_n')).status).toBe(404)
    expect((await on('PATCH', '/sources/src_n', { maxDelaySeconds: 60 })).status).toBe(404)
    expect((await on('DELETE', '/sources/src_n')).status).toBe(404)
    expect(await sourcesOf(world)).toHaveLength(2)
    expect(
      await count("SELECT count(*) AS count FROM sources WHERE id = 'src_n' AND max_delay_ms IS NULL"),
    ).toBe(1)
  })

  it('of another connection, or none, are not found', async () => {
    const { on, owner, add } = await connected()
    const { body } = await add({ kind: 'videos', account: 'alice' })
    for (const id of [body['id'], 'src_0'])
      expect((await on('GET', `/connections/con_1/sources/${id}`, undefined, as(owner.token))).status).toBe(
        404,
      )
  })

  it('keep the instance from being without a source no more than nothing does', async () => {
    const { on, id } = await connected()
    const { body } = await on('GET', `/instances/${id}`)
    const [videos, comments] = (body['sources'] as { id: string }[]).map((one) => one.id)
    await on('DELETE', `/sources/${comments}`)
    expect((await on('DELETE', `/sources/${videos}`)).body).toMatchObject({ code: 'last_source' })
  })

  it('say when the login has ended', async () => {
    const { on, owner } = await connected()
    await env.DB.prepare(
      "UPDATE sources SET due_at = 9007199254740991, due_reason = 'expired', error_kind = 'expired', last_error = 'ended' WHERE id = 'src_n'",
    ).run()
    expect((await on('GET', path, undefined, as(owner.token))).body).toMatchObject({
      state: 'expired',
      nextPollAt: null,
      nextPollReason: { code: 'expired', words: 'its login has ended' },
      errorKind: 'expired',
    })
  })

  it('need the scope of connections, and those of everybody that of instances', async () => {
    const { on, owner } = await connected()
    const reads = await apiKey(owner.id, ['connections:read'])
    expect((await on('GET', path, undefined, as(reads.key))).status).toBe(200)
    expect((await on('PATCH', path, { maxDelaySeconds: 60 }, as(reads.key))).status).toBe(403)
    const instances = await apiKey(owner.id, ['instances:write', 'instances:read'])
    expect((await on('GET', path, undefined, as(instances.key))).status).toBe(403)
  })
})
