/** @module Where a page of a list of videos ends, and the whole list: what is missing just there is missed too. */
import { beforeEach, expect, it } from 'vitest'
import { pathsSince } from '../support/connected.ts'
import { control, eventsOf, pass, pollToEnd, type Tubewire, testDeps, watch } from '../support/harness.ts'

const HOUR = 3_600_000

let tubewire: Tubewire
beforeEach(() => {
  tubewire = testDeps()
  const maxDelayMs = { videos: 3 * HOUR, comments: HOUR, notifications: HOUR }
  tubewire.deps.config = { ...tubewire.deps.config, maxDelayMs }
})

/** What was told, as type and UUID. */
async function told(origin: string) {
  return (await eventsOf(origin)).map(({ type, subject }) => [type, subject])
}

it('The oldest video of a list of several pages is told to be deleted within two days', async () => {
  const instance = await control.instance({ videos: 130 })
  const id = await watch(instance.origin, tubewire.deps)
  await pollToEnd(tubewire, id)
  const oldest = (await instance.list()).at(-1) ?? ''
  await instance.remove(oldest)
  await pass(tubewire, instance, id, 48 * HOUR)
  expect(await told(instance.origin)).toEqual([['video.deleted', oldest]])
})

it('Each of several videos of one date, at which a page ends, is told to be private within two days', async () => {
  const instance = await control.instance({ videos: 20 })
  const made = await instance.publishMany(4)
  const tied = made.map(({ uuid }) => uuid)
  for (const uuid of tied) await instance.setPublishedAt(uuid, made[0]?.publishedAt ?? '')
  for (let count = 0; count < 98; count += 1) {
    await instance.advance(1_000)
    await instance.publish()
  }
  tubewire.advance(98_000)
  const id = await watch(instance.origin, tubewire.deps)
  await pollToEnd(tubewire, id)
  const page = (await instance.list()).slice(0, 100)
  expect(page.filter((uuid) => tied.includes(uuid))).toHaveLength(2)
  const gone: [string, string][] = []
  for (const uuid of tied) {
    await instance.setPrivacy(uuid, 'internal')
    gone.push(['video.unpublished', uuid])
    await pass(tubewire, instance, id, 48 * HOUR)
    expect(await told(instance.origin)).toEqual(gone)
  }
})

it('Videos of one date at the end of a list are not looked at by themselves day by day', async () => {
  const instance = await control.instance({ videos: 127 })
  const tied = (await instance.list()).slice(-7)
  for (const uuid of tied) await instance.setPublishedAt(uuid, '2020-01-01T00:00:00.000Z')
  const id = await watch(instance.origin, tubewire.deps)
  await pollToEnd(tubewire, id)
  const before = (await instance.requests()).length
  await pass(tubewire, instance, id, 48 * HOUR)
  const paths = await pathsSince(instance, before)
  expect(paths.filter((path) => path !== '/api/v1/videos')).toEqual([])
  // And when one is gone, that is seen.
  await instance.remove(tied[3] ?? '')
  await pass(tubewire, instance, id, 48 * HOUR)
  expect(await told(instance.origin)).toEqual([['video.deleted', tied[3]]])
})
