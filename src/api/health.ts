/** @module GET /api/v1/health: is it up, and can it read its database? For monitors, so for everybody. */
import * as v from 'valibot'
import { isMigrated } from '../db/health.ts'
import { VERSION } from '../version.ts'
import { Time } from './fields.ts'
import { operation } from './operation.ts'
import { Problem } from './problem.ts'

export const healthOperations = [
  operation({
    id: 'getHealth',
    method: 'GET',
    path: '/api/v1/health',
    tag: 'Service',
    summary: 'Whether it works',
    description: 'For monitors: it is up, and finds its tables.',
    answers: {
      200: {
        description: 'It works.',
        schema: v.strictObject({ status: v.literal('ok'), version: v.string(), time: Time }),
        example: { status: 'ok', version: '0.1.0', time: '2026-11-25T10:00:00.000Z' },
      },
    },
    problems: ['not_migrated', 'not_configured'],
    async handle({ deps }) {
      if (!(await isMigrated(deps.env.DB)))
        throw new Problem('not_migrated', 'The database has no tables, or old ones: run "npm run migrate"')
      const body = { status: 'ok', version: VERSION, time: new Date(deps.clock()).toISOString() }
      // It tells the time: what was told before never holds.
      return { status: 200, body, headers: { 'cache-control': 'no-store' } }
    },
  }),
]
