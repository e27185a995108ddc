/** @module `npm run demo -- --once`: the main job, once and unattended, in a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemo } from './demo.ts'
import { describeLog } from './print.ts'
import { type Service, startService } from './service.ts'
import { stopOnSignal } from './signals.ts'

const TIMEOUT_MS = 60_000
const STOP_MS = 5_000
const EVERY_SECONDS = 1

const print = (line: string) => process.stdout.write(`${line}\n`)

async function demoOnce(): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'tubewire-demo-'))
  const service = await startService({
    port: 0,
    data,
    every: EVERY_SECONDS,
    fresh: true,
    onLog({ level, message }) {
      const line = describeLog(level, message)
      if (line !== null) print(`  ${line}`)
    },
    onError: (error) => print(`! the cron failed: ${error}`),
  })
  const closers = [() => service.stop(), () => rm(data, { recursive: true, force: true })]
  const stop = async () => {
    for (const close of closers) await close()
  }
  stopOnSignal(stop)
  try {
    await Promise.race([deliverOne(service, closers), late()])
  } finally {
    await stop()
  }
}

async function deliverOne(service: Service, closers: (() => Promise<unknown>)[]): Promise<void> {
  const demo = await startDemo(service.api)
  closers.unshift(demo.close)
  print(`Tubewire watches ${demo.instanceUrl} and delivers to ${demo.receiverUrl}`)
  service.startCron()
  await demo.ready()
  const { uuid, name } = demo.publish()
  print(`Published "${name}" (${uuid})`)
  const { id, isVerified, body } = await demo.received(1, 2 * TIMEOUT_MS)
  if (!isVerified) throw new Error(`the receiver could not verify the signature of ${id}`)
  print(`The receiver verified the signature of ${id}:`)
  print(body)
  if (!body.includes(uuid)) throw new Error('but it tells of another video')
}

async function late(): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS))
  throw new Error(`nothing was delivered within ${TIMEOUT_MS / 1000} s`)
}

if (process.argv.slice(2).join(' ') !== '--once') {
  process.stderr.write('usage: npm run demo -- --once   (without an end to it: npm start)\n')
  process.exit(2)
}
// Also when something hangs that `late` can't end.
setTimeout(() => process.exit(1), TIMEOUT_MS + STOP_MS).unref()
demoOnce().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`tubewire demo: ${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  },
)
