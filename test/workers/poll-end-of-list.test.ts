/** @module The end of a long list: what is missing below its last video is missed too. */
import { expect, it } from 'vitest'
import { control, eventsOf, pass, pollToEnd, testDeps, watch } from '../support/harness.ts'

it('The oldest video of a list of several pages is told to be deleted within two days', async () => {
  const tubewire = testDeps()
  tubewire.deps.config = {
    ...tubewire.deps.config,
    maxDelayMs: { videos: 3_600_000, comments: 3_600_000, notifications: 3_600_000 },
  }
  const instance = await control.instance({ videos: 130 })
  const id = await watch(instance.origin, tubewire.deps)
  await pollToEnd(tubewire, id)
  const oldest = (await instance.list()).at(-1) ?? ''
  await instance.remove(oldest)
  await pass(tubewire, instance, id, 2 * 24 * 3_600_000)
  expect((await eventsOf(instance.origin)).map(({ type, subject }) => [type, subject])).toEqual([
    ['video.deleted', oldest],
  ])
})
