/** @module The Worker: what the platform calls, and what then runs. */
import { api } from '../api/app.ts'
import { dependencies } from './deps.ts'
import { DELIVERY_QUEUE, POLL_QUEUE } from './messages.ts'
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
    if (batch.queue === POLL_QUEUE) await handlePolls(deps, batch, waitUntil)
    else if (batch.queue === DELIVERY_QUEUE) await handleDeliveries(deps, batch, waitUntil)
    else
      throw new Error(
        `nothing is known of the queue ${batch.queue}: wrangler.toml names it, messages.ts must too`,
      )
  },
} satisfies ExportedHandler<Env>
