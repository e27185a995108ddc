/** @module The Worker: what the platform calls, and what then runs. */
import { api } from '../api/app.ts'
import { Problem } from '../api/problem.ts'
import { requestIdOf } from '../api/request/passage.ts'
import { dress } from '../api/request/response.ts'
import { type Deps, dependencies } from './deps.ts'
import { describeError, logToConsole } from './log.ts'
import { DELIVERY_QUEUE, POLL_QUEUE } from './messages.ts'
import { handleDeliveries, handlePolls } from './queues.ts'
import { schedule } from './schedule.ts'

export { DeliveryGate } from './delivery-gate.ts'
export { PictureLoader } from './picture-loader.ts'
export { RateLimiter } from './rate-limiter.ts'
export { StreamHub } from './stream-hub.ts'

export default {
  async fetch(request, env, context) {
    let deps: Deps
    try {
      deps = dependencies(env)
    } catch (error) {
      // Not a word to the caller of what is wrong: he may be anybody.
      logToConsole({ log: 'error', where: 'reading the configuration', error: describeError(error) })
      const { pathname, origin } = new URL(request.url)
      const problem = new Problem('not_configured', 'Tubewire is misconfigured: its log says what is wrong', {
        headers: { 'retry-after': '60' },
      })
      return dress(
        { path: pathname, headers: {}, requestId: requestIdOf(request) },
        problem.toResponse({ instance: pathname, origin }),
      )
    }
    return api(deps, (promise) => context.waitUntil(promise)).fetch(request)
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
