/** @module The Worker: what the platform calls, and what then runs. */
import { api } from '../api/app.ts'
import { dependencies } from './deps.ts'
import { handleDeliveries, handlePolls } from './queues.ts'
import { schedule } from './schedule.ts'

export { RateLimiter } from './rate-limiter.ts'

export default {
  async fetch(request, env, context) {
    return api(dependencies(env)).fetch(request, env, context)
  },

  async scheduled(_controller, env) {
    await schedule(dependencies(env))
  },

  async queue(batch, env, context) {
    const deps = dependencies(env)
    const waitUntil = (promise: Promise<unknown>) => context.waitUntil(promise)
    const handle = batch.queue === 'tubewire-poll' ? handlePolls : handleDeliveries
    await handle(deps, batch, waitUntil)
  },
} satisfies ExportedHandler<Env>
