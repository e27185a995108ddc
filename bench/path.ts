/** @module How long the whole way takes: from published to detected, and from detected to delivered. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startService } from '../src/local/service.ts'
import { startInstance } from '../test/simulator/instance.ts'
import { startReceiver } from '../test/simulator/receiver.ts'
import { atMost, type Figure, median } from './figures.ts'

const EVERY_SECONDS = 2
const VIDEOS = 20
/** Not a divisor of the period: the videos come at all its moments. */
const PUBLISH_EVERY_MS = 730
/** The API allows 50 requests in 10 s. */
const LOOK_EVERY_MS = 250
const TIMEOUT_MS = 30_000

/** All figures of the way. */
export async function pathFigures(): Promise<Figure[]> {
  const data = await mkdtemp(join(tmpdir(), 'tubewire-bench-'))
  const [instance, receiver] = await Promise.all([startInstance({ videos: 50 }), startReceiver()])
  const service = await startService({
    port: 0,
    data,
    every: EVERY_SECONDS,
    fresh: true,
    onLog: () => undefined,
    onError(error) {
      throw error
    },
  })
  try {
    receiver.setSecret((await service.api.addEndpoint(new URL(receiver.url), '')).secret)
    const { id } = await service.api.addInstance(instance.origin, 0)
    while ((await service.api.instance(id)).sources?.[0]?.lastSuccessAt === null) await pause(LOOK_EVERY_MS)
    service.startCron()
    for (let count = 0; count < VIDEOS; count += 1) {
      instance.publish()
      await pause(PUBLISH_EVERY_MS)
    }
    const requests = await receiver.waitFor(VIDEOS, TIMEOUT_MS)
    if (requests.some(({ verified }) => !verified)) throw new Error('a signature could not be verified')
    const times = requests.map(({ body, at }) => {
      // Our own payload.
      const event = JSON.parse(body) as { timestamp: string; data: { video: { publishedAt: string } } }
      const seenAt = Date.parse(event.timestamp)
      return {
        detected: (seenAt - Date.parse(event.data.video.publishedAt)) / 1000,
        delivered: (at - seenAt) / 1000,
      }
    })
    const detected = times.map((time) => time.detected)
    const delivered = times.map((time) => time.delivered)
    return [
      atMost('path.detected_seconds.max', Math.max(...detected), EVERY_SECONDS + 5, 's'),
      atMost('path.delivered_seconds.max', Math.max(...delivered), 1, 's'),
      { name: 'path.detected_seconds.median', value: median(detected), unit: 's', target: null, pass: true },
      {
        name: 'path.delivered_seconds.median',
        value: median(delivered),
        unit: 's',
        target: null,
        pass: true,
      },
    ]
  } finally {
    await service.stop()
    await Promise.all([instance.close(), receiver.close(), rm(data, { recursive: true, force: true })])
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
