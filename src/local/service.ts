/** @module Tubewire on this machine, started and stopped as a whole: data folder, secrets, Worker, cron. */
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { WorkerdStructuredLog } from 'miniflare'
import { parseConfig } from '../config.ts'
import { type ApiClient, apiClient } from './api-client.ts'
import { readSecrets } from './dev-vars.ts'
import { guardChildren, lockData } from './guard.ts'
import { Mistake, takenPort } from './mistake.ts'
import { forgetAside, restoreState, setStateAside } from './state.ts'
import { ROOT, startWorker } from './worker.ts'

export type Service = {
  /** Where it listens. */
  url: URL
  adminKey: string
  api: ApiClient
  /** Changes the period of cron and polls, in seconds. Before the cron is started. */
  setEvery: (seconds: number) => Promise<void>
  /** The start has succeeded: what `fresh` set aside is forgotten. */
  ready: () => Promise<void>
  /** Begins to tick, at once and then every period. */
  startCron: () => void
  stop: () => Promise<void>
}

/**
 * Starts everything but the cron.
 * @param options `every`: the period of cron and polls in seconds; `fresh`: forget what `data` holds.
 * @throws Mistake for a port or folder that can't be used, or a wrong `.dev.vars`.
 */
export async function startService(options: {
  port: number
  data: string
  every: number
  fresh: boolean
  onLog: (line: WorkerdStructuredLog) => void
  onError: (error: unknown) => void
  /** What passes the time that its own API asks for. */
  wait?: (milliseconds: number) => Promise<void>
}): Promise<Service> {
  const unlock = await lockData(options.data)
  try {
    await refuseTakenPort(options.port)
    const secrets = await readSecrets(join(ROOT, '.dev.vars'))
    await restoreState(options.data)
    if (options.fresh) await setStateAside(options.data)
    const vars = (seconds: number) => ({
      // Here nobody stands in front of us who would set it: a caller would choose his own.
      CALLER_ADDRESS_HEADER: 'none',
      ...secrets,
      MAX_DELAY_SECONDS: String(seconds),
      MAX_DELAY_COMMENTS_SECONDS: String(seconds),
      CRON_PERIOD_SECONDS: String(Math.min(seconds, 60)),
      // What Cloudflare allows an invocation is no limit of this machine's.
      DELIVERY_CONCURRENCY: '50',
      ALLOW_LOCAL_TARGETS: 'true',
    })
    let { every } = options
    // First what the file says, with what is set here over it: that would hide a mistake.
    refuseWrongConfig({ ALLOW_LOCAL_TARGETS: 'true', ...secrets })
    refuseWrongConfig(vars(every))
    const worker = await startWorker({
      port: options.port,
      data: options.data,
      vars: vars(every),
      onLog: options.onLog,
    })
    let dismissGuard = await guardChildren()
    let timer: ReturnType<typeof setInterval> | undefined
    const tick = () => {
      worker.tick().catch(options.onError)
    }
    return {
      url: worker.url,
      adminKey: secrets.ADMIN_KEY,
      api: apiClient(worker.url, secrets.ADMIN_KEY, options.wait),
      async setEvery(seconds) {
        every = seconds
        // Another process takes its place, and needs a guard of its own.
        await dismissGuard()
        await worker.setVars(vars(seconds))
        dismissGuard = await guardChildren()
      },
      ready: () => forgetAside(options.data),
      startCron() {
        tick()
        timer = setInterval(tick, every * 1000)
      },
      async stop() {
        clearInterval(timer)
        await worker.stop()
        await dismissGuard()
        await unlock()
      },
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

/** Says so whole, and before the Worker says it in its log. */
function refuseWrongConfig(vars: object): void {
  try {
    parseConfig(vars)
  } catch (error) {
    throw new Mistake(`${error instanceof Error ? error.message : error} Set it in .dev.vars.`)
  }
}

/** Says so before workerd would, in its own words. */
async function refuseTakenPort(port: number): Promise<void> {
  if (port === 0) return
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
      reject(isTaken ? takenPort(port) : error)
    })
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()))
  })
}
