/** @module What happens to videos that are known: edited, unlisted, unpublished, deleted; near the top of the list, and far below. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { RemoteInstance } from '../simulator/client.ts'
import { count, pollAgain, pollToEnd, type Tubewire, testDeps, watched } from '../support/harness.ts'
import { linesOf, toldOf } from '../support/told.ts'

let tubewire: Tubewire
beforeEach(() => {
  tubewire = testDeps()
})

const MINUTE = 60_000
const DAY = 1_440 * MINUTE
const LIST = '/api/v1/videos?'

/** The UUID of a video by its place in the list, the newest first. */
async function at(instance: RemoteInstance, place: number): Promise<string> {
  const uuid = (await instance.list())[place]
  if (!uuid) throw new Error(`there is no video at ${place}`)
  return uuid
}

/** The paths that are asked for from now on. */
async function pathsSince(instance: RemoteInstance): Promise<() => Promise<string[]>> {
  const before = (await instance.requests()).length
  return async () => (await instance.requests()).slice(before).map(({ path }) => path)
}

/** From now on the instance answers as this says; undefined: as it is. */
function answerWith(change: (path: string) => Response | undefined): () => void {
  const { fetch } = tubewire.deps
  tubewire.deps.fetch = async (input, init) => {
    const url = new URL(String(input))
    return change(url.pathname + url.search) ?? fetch(input, init)
  }
  return () => {
    tubewire.deps.fetch = fetch
  }
}

describe('A video on the first page', () => {
  it('that is edited is updated once, and tells what it was and is', async () => {
    const { instance, id } = await watched(tubewire)
    const uuid = await at(instance, 1)
    await instance.edit(uuid, { name: 'edited', description: 'anew' })
    await pollAgain(tubewire, id)
    await instance.like(uuid)
    await pollAgain(tubewire, id)
    const told = await toldOf(instance)
    expect(told).toMatchObject([
      {
        type: 'video.updated',
        subject: uuid,
        data: {
          video: { uuid, name: 'edited', description: 'anew' },
          changes: { name: { to: 'edited' }, description: { from: null, to: 'anew' } },
        },
      },
    ])
    expect(Object.keys(told[0]?.data['changes'] ?? {})).toEqual(['name', 'description'])
  })

  it('that is published tells its tags, which lists do not show, and keeps them', async () => {
    const { instance, id } = await watched(tubewire)
    const tags = ['one', 'two']
    const { uuid } = await instance.publish({ tags })
    await pollAgain(tubewire, id)
    await instance.edit(uuid, { name: 'edited' })
    await pollAgain(tubewire, id)
    const [published, updated] = await toldOf(instance)
    expect(published).toMatchObject({ type: 'video.published', data: { video: { uuid, tags } } })
    expect(updated).toMatchObject({ type: 'video.updated', data: { video: { uuid, tags } } })
  })

  it('that is unlisted is updated, and again when it is public', async () => {
    const { instance, id } = await watched(tubewire)
    const uuid = await at(instance, 1)
    for (const privacy of ['unlisted', 'public', 'unlisted', 'public'] as const) {
      await instance.advance(MINUTE)
      await instance.setPrivacy(uuid, privacy)
      for (let polls = 0; polls < 3; polls += 1) await pollAgain(tubewire, id)
    }
    const told = await toldOf(instance)
    expect(told.map(({ type, data }) => [type, data['changes']])).toEqual(
      ['unlisted', 'public', 'unlisted', 'public'].map((to) => [
        'video.updated',
        { privacy: { from: to === 'public' ? 'unlisted' : 'public', to } },
      ]),
    )
  })

  it('that turns private is unpublished, and published when it is public again', async () => {
    const { instance, id } = await watched(tubewire)
    const uuid = await at(instance, 1)
    for (const privacy of ['private', 'public', 'private', 'public'] as const) {
      await instance.advance(MINUTE)
      await instance.setPrivacy(uuid, privacy)
      for (let polls = 0; polls < 3; polls += 1) await pollAgain(tubewire, id)
    }
    expect(await linesOf(instance)).toEqual(
      ['unpublished', 'published', 'unpublished', 'published'].map((what) => `video.${what} ${uuid}`),
    )
  })

  it('that is blocked is unpublished, and published when the block is lifted, though it keeps its date', async () => {
    const { instance, id } = await watched(tubewire)
    const { uuid } = await instance.publish()
    await pollAgain(tubewire, id)
    for (let times = 0; times < 2; times += 1) {
      const lift = answerWith((path) => {
        if (path === `/api/v1/videos/${uuid}`) return new Response('{}', { status: 403 })
        return path.startsWith(LIST) ? Response.json({ data: [] }) : undefined
      })
      await pollAgain(tubewire, id)
      lift()
      await pollAgain(tubewire, id)
    }
    expect((await linesOf(instance)).filter((line) => line.includes(uuid))).toEqual(
      ['published', 'unpublished', 'published', 'unpublished', 'published'].map(
        (what) => `video.${what} ${uuid}`,
      ),
    )
  })

  it('that is gone is deleted at the second look, a minute or more after the first, and is forgotten', async () => {
    const { instance, id } = await watched(tubewire)
    const uuid = await at(instance, 1)
    const paths = await pathsSince(instance)
    await instance.remove(uuid)
    await pollAgain(tubewire, id)
    expect(await linesOf(instance)).toEqual([])
    expect(
      await count(
        "SELECT due_at - polled_at AS count FROM sources WHERE instance_id = ? AND kind = 'videos'",
        id,
      ),
    ).toBeLessThanOrEqual(MINUTE)
    await pollAgain(tubewire, id)
    await pollAgain(tubewire, id)
    await pollAgain(tubewire, id)
    expect(await toldOf(instance)).toMatchObject([
      { type: 'video.deleted', subject: uuid, data: { video: { uuid, name: expect.any(String) } } },
    ])
    expect((await paths()).filter((path) => path === `/api/v1/videos/${uuid}`)).toHaveLength(2)
    expect(await count('SELECT count(*) AS count FROM videos WHERE uuid = ?', uuid)).toBe(0)
  })

  it('that is gone is not looked at again within the minute, though it is polled', async () => {
    const { instance, id } = await watched(tubewire)
    const uuid = await at(instance, 1)
    const paths = await pathsSince(instance)
    await instance.remove(uuid)
    await pollAgain(tubewire, id)
    for (let polls = 0; polls < 5; polls += 1) {
      tubewire.advance(11_000)
      await env.DB.prepare('UPDATE sources SET due_at = 0 WHERE instance_id = ?').bind(id).run()
      await pollToEnd(tubewire, id)
    }
    expect((await paths()).filter((path) => path === `/api/v1/videos/${uuid}`)).toHaveLength(1)
    expect(await linesOf(instance)).toEqual([])
    tubewire.advance(5_000)
    await env.DB.prepare('UPDATE sources SET due_at = 0 WHERE instance_id = ?').bind(id).run()
    await pollToEnd(tubewire, id)
    expect(await linesOf(instance)).toEqual([`video.deleted ${uuid}`])
  })

  it('that is gone at once with forty others: all are deleted, ten a poll', async () => {
    const { instance, id } = await watched(tubewire, 60)
    const gone = (await instance.list()).slice(5, 45)
    for (const uuid of gone) await instance.remove(uuid)
    for (let polls = 0; polls < 12; polls += 1) await pollAgain(tubewire, id)
    expect((await linesOf(instance)).toSorted()).toEqual(
      gone.map((uuid) => `video.deleted ${uuid}`).toSorted(),
    )
  })

  it('is not deleted because the list and a 404 say so once: what heals is no event, and later it is deleted', async () => {
    const { instance, id } = await watched(tubewire)
    const uuid = await at(instance, 1)
    const hidden = await fetch(`${instance.origin}${LIST}nsfw=both&sort=-publishedAt&count=100`)
    const { data }: { data: { uuid: string }[] } = await hidden.json()
    const heal = answerWith((path) => {
      if (path.startsWith(LIST)) return Response.json({ data: data.filter((one) => one.uuid !== uuid) })
      return path === `/api/v1/videos/${uuid}` ? new Response('{}', { status: 404 }) : undefined
    })
    await pollAgain(tubewire, id)
    heal()
    for (let polls = 0; polls < 4; polls += 1) await pollAgain(tubewire, id)
    expect(await linesOf(instance)).toEqual([])
    // It is watched as before.
    await instance.remove(uuid)
    await pollAgain(tubewire, id)
    await pollAgain(tubewire, id)
    expect(await linesOf(instance)).toEqual([`video.deleted ${uuid}`])
  })

  it('that cannot be asked for keeps no other from being found out', async () => {
    const { instance, id } = await watched(tubewire, 30)
    const gone = (await instance.list()).slice(2, 17)
    // Twelve of them answer nonsense for ever: more than are looked at in a poll.
    const broken = new Set(gone.slice(0, 12))
    answerWith((path) => {
      const uuid = path.split('/').at(-1) ?? ''
      return broken.has(uuid) ? Response.json({ privacy: 'nonsense' }) : undefined
    })
    for (const uuid of gone) await instance.remove(uuid)
    for (let polls = 0; polls < 8; polls += 1) await pollAgain(tubewire, id)
    const told = (await linesOf(instance)).toSorted()
    expect(told).toEqual(
      gone
        .slice(12)
        .map((uuid) => `video.deleted ${uuid}`)
        .toSorted(),
    )
  })

  it('is asked for by itself as far as the budget goes: what is news does not wait for it', async () => {
    const { instance, id } = await watched(tubewire)
    const published = await instance.publishMany(40)
    const paths = await pathsSince(instance)
    await pollAgain(tubewire, id)
    const details = (await paths()).filter((path) => !path.startsWith(LIST))
    expect(details).toHaveLength(10)
    expect((await linesOf(instance)).toSorted()).toEqual(
      published.map(({ uuid }) => `video.published ${uuid}`).toSorted(),
    )
  })
})

describe('The pass of the day', () => {
  /** Polls for a day, every half an hour. @returns the lists that were asked for below the first page. */
  async function aDay(instance: RemoteInstance, id: string): Promise<string[]> {
    const paths = await pathsSince(instance)
    for (let time = 0; time < DAY; time += 30 * MINUTE) {
      tubewire.advance(29 * MINUTE)
      await pollAgain(tubewire, id)
    }
    return (await paths()).filter((path) => path.startsWith(LIST) && !/start=0&/.test(path))
  }

  it('finds far down what the first page never shows, within a day, for as many requests as the list has pages', async () => {
    const { instance, id } = await watched(tubewire, 550)
    // Below the first page from the beginning, and so old that it stands far down when it is public.
    const { uuid: late } = await instance.publish({
      privacy: 'unlisted',
      publishedAt: new Date(Date.now() - 455.5 * MINUTE).toISOString(),
    })
    const [edited, removed, hidden] = await Promise.all([
      at(instance, 250),
      at(instance, 360),
      at(instance, 480),
    ])
    // The first pass began with the watch. Let it end.
    await aDay(instance, id)
    expect(await linesOf(instance)).toEqual([])

    await instance.edit(edited, { name: 'edited' })
    await instance.remove(removed)
    await instance.setPrivacy(hidden, 'unlisted')
    await instance.setPrivacy(late, 'public')
    expect((await instance.list()).indexOf(late)).toBeGreaterThan(400)
    const deep = await aDay(instance, id)
    // Six pages and the one that shows the end, of which the first begins at the top.
    expect(deep).toHaveLength(6)
    expect(new Set(deep).size).toBe(6)
    expect((await linesOf(instance)).toSorted()).toEqual(
      [
        `video.published ${late}`,
        `video.updated ${edited}`,
        `video.updated ${hidden}`,
        `video.deleted ${removed}`,
      ].toSorted(),
    )
  })

  it('looks again at what is not listed: an unlisted video that is deleted is found within a day', async () => {
    const { instance, id } = await watched(tubewire)
    const uuid = await at(instance, 1)
    await instance.setPrivacy(uuid, 'unlisted')
    await pollAgain(tubewire, id)
    await instance.remove(uuid)
    await aDay(instance, id)
    tubewire.advance(10 * MINUTE)
    await pollAgain(tubewire, id)
    await pollAgain(tubewire, id)
    expect(await linesOf(instance)).toEqual([`video.updated ${uuid}`, `video.deleted ${uuid}`])
  })
})

describe('A video that is missing, and whose own page fails', () => {
  it('is asked for again at the pace of the list, not every minute for ever', async () => {
    tubewire.deps.config.maxDelayMs.videos = 5 * MINUTE
    const { instance, id } = await watched(tubewire)
    const uuid = await at(instance, 1)
    await instance.setPrivacy(uuid, 'unlisted')
    answerWith((path) => (path === `/api/v1/videos/${uuid}` ? new Response('', { status: 500 }) : undefined))
    await pollAgain(tubewire, id)
    const soon = 2 * MINUTE
    const due = () => count('SELECT due_at AS count FROM sources WHERE instance_id = ?', id)
    expect((await due()) - tubewire.deps.clock()).toBeGreaterThan(soon)
    expect(await linesOf(instance)).toEqual([])
  })
})

describe('A live', () => {
  const stateOf = (uuid: string) =>
    env.DB.prepare('SELECT state FROM videos WHERE uuid = ?').bind(uuid).first<string>('state')

  it('is told when it begins and when it ends; its replay stays listed, and is not asked for', async () => {
    const { instance, id } = await watched(tubewire)
    const { uuid } = await instance.startLive()
    await pollAgain(tubewire, id)
    const paths = await pathsSince(instance)
    await instance.endLive(uuid, { replay: true })
    await pollAgain(tubewire, id)
    expect(await linesOf(instance)).toEqual(
      ['video.published', 'live.started', 'live.ended'].map((type) => `${type} ${uuid}`),
    )
    expect((await paths()).filter((path) => path.includes(uuid))).toEqual([])
    expect(await stateOf(uuid)).toBe('listed')
  })

  it('that ends without a replay, and one that will be on again, is told each time', async () => {
    const { instance, id } = await watched(tubewire)
    const { uuid } = await instance.startLive()
    await pollAgain(tubewire, id)
    await instance.endLive(uuid, { permanent: true })
    await pollAgain(tubewire, id)
    await instance.advance(MINUTE)
    await instance.restartLive(uuid)
    await pollAgain(tubewire, id)
    await instance.endLive(uuid)
    await pollAgain(tubewire, id)
    const types = ['video.published', 'live.started', 'live.ended', 'live.started', 'live.ended']
    expect(await linesOf(instance)).toEqual(types.map((type) => `${type} ${uuid}`))
  })

  it('that becomes public while it is on is told to be public before it is told to be on', async () => {
    const { instance, id } = await watched(tubewire)
    const { uuid } = await instance.startLive()
    await pollAgain(tubewire, id)
    await instance.setPrivacy(uuid, 'unlisted')
    await pollAgain(tubewire, id)
    await instance.endLive(uuid, { permanent: true })
    await instance.advance(MINUTE)
    await instance.restartLive(uuid)
    await instance.setPrivacy(uuid, 'public')
    await pollAgain(tubewire, id)
    const types = [
      'video.published',
      'live.started',
      'video.updated',
      'live.ended',
      'video.updated',
      'live.started',
    ]
    expect(await linesOf(instance)).toEqual(types.map((type) => `${type} ${uuid}`))
  })
})
