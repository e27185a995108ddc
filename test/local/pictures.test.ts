/** @module Pictures on this machine: the cache and the loader that wrangler.toml names are there, and what was fetched stays. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startWorker } from '../../src/local/worker.ts'
import { startInstance } from '../simulator/instance.ts'
import { picture } from '../simulator/pictures.ts'

it('A local Worker fetches a picture, and knows it after a new start', async () => {
  const data = await mkdtemp(join(tmpdir(), 'tubewire-test-'))
  const start = () => startWorker({ port: 0, data, vars: {}, onLog: () => undefined })
  const instance = await startInstance({ videos: 1 })
  const path = '/lazy-static/avatars/a.png'
  const ask = {
    key: 'of-a-picture',
    url: instance.origin + path,
    allowLocal: true,
    now: Date.now(),
    userAgent: 'Tubewire/test',
  }
  const load = async (worker: Awaited<ReturnType<typeof start>>) => {
    const { PICTURE_LOADER } = await worker.bindings<Env>()
    return PICTURE_LOADER.getByName(ask.key).load(ask)
  }
  const isIt = { kind: 'picture', type: 'image/png', bytes: new Uint8Array(picture('png', path)) }

  const first = await start()
  expect(await load(first)).toMatchObject(isIt)
  await first.stop()

  const second = await start()
  expect(await load(second)).toMatchObject(isIt)
  expect(instance.requests()).toHaveLength(1)
  await second.stop()
  await instance.close()
  await rm(data, { recursive: true })
})
