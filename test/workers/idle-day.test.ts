/** @module What an instance is asked while nothing happens there: the figures of docs/sources.md. */
import { describe, expect, it } from 'vitest'
import { control, pass, testDeps, watch } from '../support/harness.ts'

const HOUR_MS = 3_600_000
/** A quarter of a day, after the first reads. */
const WATCHED_MS = 6 * HOUR_MS

describe('A day on which nothing happens', () => {
  it.each(['5.1.0', '8.0.0'])(
    'costs an instance of %s at most 470 requests: videos each 5 minutes, counters each 10, the feed each 2 hours',
    async (version) => {
      const tubewire = testDeps()
      const maxDelayMs = { videos: 300_000, comments: 600_000, notifications: 300_000 }
      tubewire.deps.config = { ...tubewire.deps.config, maxDelayMs }
      const instance = await control.instance({ version })
      const id = await watch(instance.origin, tubewire.deps, 0, ['videos', 'comments'])
      await pass(tubewire, instance, id, HOUR_MS)
      const before = (await instance.requests()).length
      await pass(tubewire, instance, id, WATCHED_MS)

      const requests = (await instance.requests()).slice(before)
      const asked = (path: string) => requests.filter((one) => one.path.startsWith(path)).length
      // Beside the polls at most one page of the full pass.
      expect(asked('/api/v1/videos?')).toBeGreaterThanOrEqual(71)
      expect(asked('/api/v1/videos?')).toBeLessThanOrEqual(74)
      expect(asked('/nodeinfo/')).toBeGreaterThanOrEqual(35)
      expect(asked('/nodeinfo/')).toBeLessThanOrEqual(37)
      expect(asked('/feeds/')).toBe(3)
      expect(requests.length * 4).toBeLessThanOrEqual(470)
    },
    60_000,
  )
})
