/** @module `npm run bench`: the figures, each beside its baseline in the same run. `-- --only PREFIX` runs a part. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { apiFigures } from './api.ts'
import { commentsFigures } from './comments.ts'
import { crashFigures } from './crash.ts'
import { dashboardFigures } from './dashboard.ts'
import { dayFigures } from './day.ts'
import { deliverFigures, fanOutFigures } from './deliver.ts'
import { detectFigures } from './detect.ts'
import { endpointLimitFigures } from './endpoint-limit.ts'
import { exportFigures } from './export.ts'
import { feedFigures } from './feed.ts'
import { type Figure, table } from './figures.ts'
import { isolationFigures } from './isolation.ts'
import { latencyFigures } from './latency.ts'
import { limiterFigures } from './limiter.ts'
import { listsFigures } from './lists.ts'
import { matchFigures } from './match.ts'
import { memoryFigures } from './memory.ts'
import { modelFigures } from './model.ts'
import { pathFigures } from './path.ts'
import { politenessFigures } from './politeness.ts'
import { pollFigures } from './poll.ts'
import { rowsFigures } from './rows.ts'
import { startFigures } from './start.ts'
import { streamFigures } from './stream.ts'
import { webSubFigures } from './websub.ts'

const GROUPS: Record<string, () => Promise<Figure[]>> = {
  poll: pollFigures,
  deliver: deliverFigures,
  'deliver.fanout': fanOutFigures,
  'deliver.latency': latencyFigures,
  'endpoint.limit': endpointLimitFigures,
  isolation: isolationFigures,
  crash: crashFigures,
  match: matchFigures,
  path: pathFigures,
  api: apiFigures,
  feed: feedFigures,
  'websub.fanout': webSubFigures,
  'api.page.lists': listsFigures,
  limiter: limiterFigures,
  start: startFigures,
  export: exportFigures,
  model: modelFigures,
  'api.page': rowsFigures,
  detect: detectFigures,
  'poll.memory': memoryFigures,
  comments: commentsFigures,
  politeness: politenessFigures,
  'idle.day': dayFigures,
  stream: streamFigures,
  dashboard: dashboardFigures,
}

const { only } = parseArgs({ options: { only: { type: 'string', default: '' } } }).values
const wanted = Object.entries(GROUPS).filter(([group]) => only.startsWith(group) || group.startsWith(only))
if (wanted.length === 0) {
  process.stderr.write(
    `bench: no figure begins with "${only}": there are ${Object.keys(GROUPS).join(', ')}\n`,
  )
  process.exit(2)
}
const figures: Figure[] = []
for (const [group, measure] of wanted) {
  process.stdout.write(`${group} …\n`)
  figures.push(...(await measure()).filter(({ name }) => name.startsWith(only)))
}
process.stdout.write(`\n${table(figures)}\n`)
await writeFile(join(import.meta.dirname, 'results.json'), `${JSON.stringify(figures, null, 2)}\n`)
process.exit(figures.every(({ pass }) => pass) ? 0 : 1)
