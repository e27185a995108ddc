/** @module A page of endpoints as a table. */

import { linkTo } from '../../address.ts'
import { api, call, type Result } from '../../api.ts'
import { endpointName } from '../../endpoint-name.ts'
import { duration, percent } from '../../format.ts'
import { EndpointBadge } from '../../parts/endpoint-badge.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { keep, recall, useLoaded } from '../../use-loaded.ts'
import { type Endpoint, readStatistics, type Statistics, statisticsKey } from './reads.ts'
import { linkToStep, unfinishedStep } from './wizard/steps.ts'

/** @param endpoints few: each is asked how it does. */
export function EndpointRows({ endpoints }: { endpoints: readonly Endpoint[] }) {
  const words = t.endpoints.list
  const { user } = useSession()
  const ids = endpoints.map(({ id }) => id)
  const { data: statistics } = useLoaded(`statistics of endpoints ${ids}`, () => readAll(ids))
  const { data: subscribed } = useLoaded('subscribed endpoints', readSubscribed)
  const of = (id: string, show: (found: Statistics) => string | null) => {
    const found = statistics?.get(id)
    return (found && show(found)) ?? <span class="quiet">–</span>
  }
  const columns: Column<Endpoint>[] = [
    {
      title: words.endpoint,
      cell: (endpoint) => {
        const isOwn = endpoint.owner === user.id
        // Who has more subscriptions than were read is not told of those that may be there.
        const step = isOwn ? unfinishedStep(endpoint, subscribed?.has(endpoint.id) ?? true) : null
        return (
          <div class="endpoint-cell">
            <a class="clamp" dir="auto" href={linkTo(['endpoints', endpoint.id])}>
              {endpointName(endpoint)}
            </a>
            {endpoint.description.trim() !== '' && (
              <span class="quiet clamp" dir="auto">
                {endpoint.url}
              </span>
            )}
            {!isOwn && <span class="quiet wrap">{words.owner(endpoint.owner)}</span>}
            {step && <a href={linkToStep(step, endpoint.id)}>{t.endpoints.wizard.goOn}</a>}
          </div>
        )
      },
    },
    { title: t.common.state, cell: (endpoint) => <EndpointBadge of={endpoint} /> },
    {
      title: words.success,
      isNumber: true,
      cell: ({ id }) => of(id, ({ successRate }) => (successRate === null ? null : percent(successRate))),
    },
    {
      title: words.latency,
      isNumber: true,
      cell: ({ id }) =>
        of(id, ({ latency }) => latency && `${duration(latency.p50Ms)} / ${duration(latency.p99Ms)}`),
    },
  ]
  return <Table caption={t.endpoints.title} columns={columns} rows={endpoints} keyOf={({ id }) => id} />
}

/** So long an answer is good for a list: who goes through pages of it, and back, asks once. */
const FRESH_MS = 60_000

async function readLately(id: string): Promise<Result<Statistics>> {
  const lately = recall<Statistics>(statisticsKey(id), FRESH_MS)
  if (lately) return { ok: true, data: lately }
  const result = await readStatistics(id)
  if (result.ok) keep(statisticsKey(id), result.data)
  return result
}

/** How each does; one that can't be read is left out. */
async function readAll(ids: readonly string[]): Promise<Result<ReadonlyMap<string, Statistics>>> {
  const read = await Promise.all(ids.map(async (id) => [id, await readLately(id)] as const))
  const found = read.flatMap(([id, result]) => (result.ok ? [[id, result.data] as const] : []))
  return { ok: true, data: new Map(found) }
}

/** Which of one's endpoints are sent anything; null: there are more than one answer has. */
async function readSubscribed(): Promise<Result<ReadonlySet<string> | null>> {
  const result = await call(api.GET('/api/v1/subscriptions', { params: { query: { count: 100 } } }))
  if (!result.ok) return result
  const { data, total } = result.data
  return { ok: true, data: total > data.length ? null : new Set(data.map(({ endpoint }) => endpoint)) }
}
