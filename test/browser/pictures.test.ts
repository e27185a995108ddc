/** @module The pictures of the README and of docs/dashboard.md: an invented day, in dist/screenshots; the best are copied to docs/images. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startReceiver } from '../simulator/receiver.ts'
import { type Stage, startStage } from './support/stage.ts'

const HOUR_MS = 3_600_000
const NAMES = [
  'How lighthouses are wired',
  'Baking bread in a clay oven',
  'Repairing a 1970s synthesizer',
  'A walk through the old harbour',
  'Soldering for beginners',
  'Choir rehearsal, first evening',
  'The bridge that moved',
  'Growing tomatoes on a balcony',
]

let stage: Stage
let failing: Awaited<ReturnType<typeof startReceiver>>
let made: { instance: string; well: string; failing: string }

type Made = { id: string }

beforeAll(async () => {
  stage = await startStage({ instance: { name: 'Free videos', videos: 12 } })
  failing = await startReceiver()
  failing.answer({ status: 500, body: 'the disk is full' })
  const { id: instance } = await stage.api.addInstance(stage.instance.origin, 0)
  await vi.waitFor(
    async () => {
      const { sources = [] } = await stage.api.instance(instance)
      expect(sources.filter(({ lastSuccessAt }) => lastSuccessAt === null)).toEqual([])
    },
    { timeout: 30_000, interval: 200 },
  )
  const endpoint = async (url: string, description: string) =>
    ((await stage.ask('POST', '/api/v1/endpoints', { url, description, verified: true })) as Made).id
  made = {
    instance,
    well: await endpoint(stage.receiver.url, 'The team’s chat'),
    failing: await endpoint(failing.url, 'Archive script'),
  }
  for (const name of NAMES) stage.instance.publish({ name, tags: ['demo'] })
  await invent()
})
afterAll(async () => {
  await failing.close()
  await stage.close()
})

/** What the hours before have brought. */
async function invent(): Promise<void> {
  const now = Math.floor(Date.now() / HOUR_MS) * HOUR_MS
  const hours = Array.from({ length: 23 }, (_, index) => {
    const back = index + 1
    const videos = Math.round(6 + 5 * Math.sin(back / 3.5) + ((back * 7) % 4))
    return {
      hour: now - back * HOUR_MS,
      videos,
      comments: videos * 2 + (back % 3),
      failed: back % 6 === 0 ? 3 : 0,
    }
  })
  const list = JSON.stringify(hours)
  const each = `FROM json_each(?1) hour WHERE TRUE ON CONFLICT DO NOTHING`
  await stage.db.batch([
    ...['video', 'comment'].map((kind) =>
      stage.db
        .prepare(
          `INSERT INTO event_hours (owner_id, hour, kind, count) SELECT '', value ->> 'hour', ?2, value ->> '${kind}s' ${each}`,
        )
        .bind(list, kind),
    ),
    stage.db
      .prepare(
        `INSERT INTO delivery_hours SELECT ?2, value ->> 'hour', value ->> 'videos', value ->> 'failed', 0,
           value ->> 'videos', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 ${each}`,
      )
      .bind(list, made.well),
  ])
}

describe('A picture', () => {
  it.each(['light', 'dark'] as const)('is made of the best views, %s', async (theme) => {
    const visit = await stage.signedIn({ theme, width: 1200, height: 1000 })
    const { page } = visit
    const take = async (name: string, path: string, until: string) => {
      await visit.go(path)
      await page.getByText(until).first().waitFor()
      await expect.poll(() => page.locator('main .loading').count()).toBe(0)
      await visit.shot(`picture-${name}-${theme}`, { isWhole: false })
    }
    await take('overview', '#/', 'It failed five times in a row')
    await take('endpoint', `#/endpoints/${made.failing}`, 'The receiver itself failed')
    await take('instance', `#/instances/${made.instance}`, '429s: 0')
    await take('wizard', '#/endpoints/new', 'Where events are posted')
    expect(visit.faults()).toEqual([])
  })
})
