/** @module What the workers need from outside: made of the bindings once, replaced one by one in tests. */
import { type Config, parseConfig } from '../config.ts'
import type { ClientDeps } from '../peertube/client.ts'
import { userAgent } from '../peertube/user-agent.ts'
import { type Log, logToConsole } from './log.ts'

export type Deps = {
  env: Env
  config: Config
  fetch: typeof fetch
  /** Milliseconds since the epoch. */
  clock: () => number
  /** From 0 to 1. */
  random: () => number
  /** Passes so many milliseconds. */
  pause: (milliseconds: number) => Promise<void>
  log: Log
}

const configs = new WeakMap<object, Config>()

/** @throws Error when the environment is not configured rightly: see `parseConfig`. */
export function dependencies(env: Env): Deps {
  let config = configs.get(env)
  if (!config) {
    config = parseConfig(env)
    configs.set(env, config)
  }
  return {
    env,
    config,
    fetch: (input, init) => fetch(input, init),
    clock: Date.now,
    random: Math.random,
    pause: (milliseconds) => scheduler.wait(milliseconds),
    log: logToConsole,
  }
}

/** What the client of PeerTube needs, of what the workers have. */
export function clientDeps({ fetch, clock, config }: Deps): ClientDeps {
  return { fetch, clock, userAgent: userAgent({ url: config.contactUrl, publicUrl: config.publicUrl }) }
}
