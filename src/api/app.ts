/** @module The HTTP API: what is common to all its routes. Each resource has a file of its own. */
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Deps } from '../workers/deps.ts'
import { authenticate } from './auth.ts'
import type { Api } from './context.ts'
import { deliveryRoutes } from './deliveries.ts'
import { endpointRoutes } from './endpoints.ts'
import { eventRoutes } from './events.ts'
import { healthRoutes } from './health.ts'
import { instanceRoutes } from './instances.ts'
import { Problem } from './problem.ts'

/** The API, ready to answer requests. */
export function api(deps: Deps): Hono<Api> {
  const app = new Hono<Api>()
  app.use(async (context, next) => {
    context.set('deps', deps)
    await next()
    context.header('x-content-type-options', 'nosniff')
    context.header('cache-control', 'no-store')
  })
  app.route('/api/v1/health', healthRoutes())

  app.use('/api/v1/*', async (context, next) => {
    context.set('user', await authenticate(deps.config, context.req.raw))
    await next()
  })
  app.route('/api/v1/instances', instanceRoutes())
  app.route('/api/v1/endpoints', endpointRoutes())
  app.route('/api/v1/events', eventRoutes())
  app.route('/api/v1/deliveries', deliveryRoutes())

  app.notFound(({ req }) =>
    new Problem(404, `There is no ${req.method} ${req.path} here`).toResponse(req.path),
  )
  app.onError((error, { req }) => {
    if (error instanceof Problem) return error.toResponse(req.path)
    if (error instanceof HTTPException)
      return new Problem(error.status, error.message || 'Refused').toResponse(req.path)
    // The caller learns an id that is in the log, and nothing of what went wrong inside.
    const id = crypto.randomUUID()
    deps.log({
      log: 'error',
      where: `${req.method} ${req.path}`,
      error: `${error.name}: ${error.message}`,
      id,
    })
    return new Problem(500, `Something went wrong here; the log has it under ${id}`).toResponse(req.path)
  })
  return app
}
