/** @module /api/v1/instances: the PeerTube servers that are watched. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { newId } from '../db/id.ts'
import {
  deleteInstance,
  findInstance,
  findInstanceByHost,
  type InstanceState,
  insertInstance,
  listInstances,
  makeDue,
  type Source,
} from '../db/instances.ts'
import { firstCheckpoint } from '../events/video-walk.ts'
import { targetProblem } from '../http/target.ts'
import { opensTcp } from '../http/tcp.ts'
import { type Answer, getJson } from '../peertube/client.ts'
import { type ProbeResult, probe } from '../peertube/probe.ts'
import { clientDeps, type Deps } from '../workers/deps.ts'
import { instanceAccess } from '../workers/instance-access.ts'
import { tolerating, wakePolls } from '../workers/messages.ts'
import type { Api } from './context.ts'
import { IdPage, page, parseInput, readJson, text } from './input.ts'
import { Problem } from './problem.ts'
import { time } from './time.ts'

const NewInstance = v.strictObject({
  url: v.pipe(
    text(1_000),
    v.check((url) => URL.canParse(url), 'must be a URL, such as https://peertube.example'),
    v.transform((sent) => {
      const url = new URL(sent)
      // The same host, with the dot of the root or without.
      url.hostname = url.hostname.replace(/\.$/, '')
      return url
    }),
  ),
  backfill: v.optional(
    v.pipe(
      v.number('must be a number'),
      v.integer('must be a whole number'),
      v.minValue(0, 'must be at least 0'),
      v.maxValue(1_000, 'must be at most 1000'),
    ),
    0,
  ),
  dryRun: v.optional(v.boolean('must be true or false'), false),
})

export function instanceRoutes(): Hono<Api> {
  return new Hono<Api>()
    .post('/', async (context) => {
      const deps = context.get('deps')
      const { url, backfill, dryRun } = parseInput(NewInstance, await readJson(context.req.raw), 'body')
      const problem = originProblem(url, deps)
      if (problem) {
        throw new Problem(400, `Incorrect request parameters: url ${problem}`, {
          invalidParams: { url: { location: 'body', msg: problem, param: 'url', path: 'url' } },
        })
      }
      const { DB } = deps.env
      await refuseKnown(DB, url.host)
      const found = await probeThroughLimiter(deps, url)
      if (found.kind === 'refused')
        throw new Problem(422, found.detail, { code: found.reason.replace('-', '_') })
      const { name, version } = found
      if (dryRun) return context.json({ url: url.origin, host: url.host, name, version })

      const id = await insertInstance(
        DB,
        {
          ownerId: context.get('user').id,
          origin: url.origin,
          host: url.host,
          name,
          version,
          createdAt: deps.clock(),
        },
        JSON.stringify(firstCheckpoint(backfill)),
      )
      // Null: somebody else was quicker.
      if (id === null) await refuseKnown(DB, url.host)
      const instance = id === null ? null : await findInstance(DB, id)
      if (!instance) throw new Problem(409, `${url.host} was added and removed meanwhile: try again`)
      await pollNow(deps, instance.id)
      context.header('location', `/api/v1/instances/${instance.id}`)
      return context.json(show(instance), 201)
    })
    .get('/', async (context) => {
      const { after, limit } = parseInput(IdPage, context.req.query(), 'query')
      const found = await listInstances(context.get('deps').env.DB, after, limit + 1)
      return context.json(page(found, limit, show, ({ id }) => id))
    })
    .get('/:id', async (context) => {
      const id = context.req.param('id')
      const instance = await findInstance(context.get('deps').env.DB, id)
      if (!instance) throw new Problem(404, `There is no instance ${id}`)
      return context.json(show(instance))
    })
    .post('/:id/poll', async (context) => {
      const deps = context.get('deps')
      const id = context.req.param('id')
      const isThere = await makeDue(deps.env.DB, id, deps.clock())
      if (!isThere) throw new Problem(404, `There is no instance ${id}`)
      await pollNow(deps, id)
      return context.body(null, 202)
    })
    .delete('/:id', async (context) => {
      const id = context.req.param('id')
      const wasThere = await deleteInstance(context.get('deps').env.DB, id)
      if (!wasThere) throw new Problem(404, `There is no instance ${id}`)
      return context.body(null, 204)
    })
}

function originProblem(url: URL, { config }: Deps): string | null {
  const problem = targetProblem(url, { allowLocal: config.allowLocalTargets })
  if (problem) return problem
  const isOrigin = url.pathname === '/' && url.search === '' && url.hash === ''
  return isOrigin ? null : `must be that of the whole instance: ${url.origin}`
}

async function refuseKnown(db: D1Database, host: string): Promise<void> {
  const known = await findInstanceByHost(db, host)
  if (known) throw new Problem(409, `${host} is watched already, as ${known.id}`, { code: 'already_watched' })
}

/** A window of PeerTube's, and a little. */
const PROBE_PATIENCE_MS = 12_000

async function probeThroughLimiter(deps: Deps, url: URL): Promise<ProbeResult> {
  const access = instanceAccess(deps.env.RATE_LIMITER, url.host, newId('run'), deps.clock)
  const askLeave = async () => {
    let grant = await access.ask()
    if (grant.kind === 'wait' && grant.reason !== 'busy' && grant.waitMs <= PROBE_PATIENCE_MS) {
      // The answer to the first question may have been the last of our share: then no later try would get farther.
      const { waitMs } = grant
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      grant = await access.ask()
    }
    if (grant.kind === 'granted') return
    const seconds = Math.ceil(grant.waitMs / 1000)
    throw new Problem(503, `${url.host} has been asked enough for now: try again in ${seconds} s`, {
      headers: { 'retry-after': String(seconds) },
    })
  }
  const get = async (target: string): Promise<Answer> => {
    await askLeave()
    const answer = await getJson(clientDeps(deps), target)
    await access.observe(answer.observation)
    return answer
  }
  try {
    return await probe(url.origin, get, async (target) => {
      await askLeave()
      const isOpen = await opensTcp(target)
      await access.observe(null)
      return isOpen
    })
  } finally {
    await access.leave()
  }
}

/** It is due in D1 already: without this the next tick polls it. */
async function pollNow({ env, log }: Deps, id: string): Promise<void> {
  await tolerating(log, 'polls', wakePolls(env.POLL_QUEUE, [id]))
}

function show(instance: InstanceState) {
  return {
    id: instance.id,
    url: instance.origin,
    host: instance.host,
    name: instance.name,
    version: instance.version,
    createdAt: time(instance.createdAt),
    sources: instance.sources.map(showSource),
  }
}

/** After so many failures in a row an instance is called unreachable. */
const UNREACHABLE_AFTER = 5

function showSource(source: Source) {
  return {
    id: source.id,
    kind: source.kind,
    state: stateOf(source),
    nextPollAt: time(source.dueAt),
    lastPollAt: time(source.polledAt),
    lastSuccessAt: time(source.succeededAt),
    failures: source.failures,
    lastError: source.lastError,
  }
}

function stateOf(source: Source): 'new' | 'ok' | 'failing' | 'unreachable' {
  if (source.failures >= UNREACHABLE_AFTER) return 'unreachable'
  if (source.failures > 0) return 'failing'
  return source.succeededAt === null ? 'new' : 'ok'
}
