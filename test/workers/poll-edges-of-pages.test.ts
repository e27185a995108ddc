/** @module Where a page of a list of videos ends, and the whole list: what is missing just there is missed too. */
import { beforeEach, expect, it } from 'vitest'
import { control, eventsOf, pass, pollToEnd, type Tubewire, testDeps, watch } from '../support/harness.ts'

const HOUR = 3_600_000

let tubewire: Tubewire
beforeEach(() => {
  tubewire = testDeps()
  const maxDelayMs = { videos: HOUR, comments: HOUR, notifications: HOUR }
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
  const tied = (await instance.publishMany(8)).map(({ uuid }) => uuid)
  for (let count = 0; count < 96; count += 1) {
    await instance.advance(1_000)
    await instance.publish()
  }
  tubewire.advance(96_000)
  const id = await watch(instance.origin, tubewire.deps)
  await pollToEnd(tubewire, id)
  const page = (await instance.list()).slice(0, 100)
  expect(page.filter((uuid) => tied.includes(uuid))).toHaveLength(4)
  const gone: [string, string][] = []
  for (const uuid of tied) {
    await instance.setPrivacy(uuid, 'internal')
    gone.push(['video.unpublished', uuid])
    await pass(tubewire, instance, id, 48 * HOUR)
    expect(await told(instance.origin)).toEqual(gone)
  }
})
