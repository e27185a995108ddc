/** @module GET /api/v1/health: is it up, and can it read its database? For monitors, so without a key. */
import { Hono } from 'hono'
import { isMigrated } from '../db/health.ts'
import { VERSION } from '../version.ts'
import type { Api } from './context.ts'
import { Problem } from './problem.ts'

export function healthRoutes(): Hono<Api> {
  return new Hono<Api>().get('/', async (context) => {
    const { env, clock } = context.get('deps')
    if (!(await isMigrated(env.DB))) {
      throw new Problem(503, 'The database has no tables, or old ones: run "npm run migrate"', {
        code: 'not_migrated',
      })
    }
    return context.json({ status: 'ok', version: VERSION, time: new Date(clock()).toISOString() })
  })
}
