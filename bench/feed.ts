/** @module What a feed costs beside a bare Worker that answers the same bytes from one read of D1, and one that did not change. */
import { FEED_FORMATS, type FeedFormat } from '../src/feeds/formats.ts'
import type { Cost } from '../test/support/count-costs.ts'
import { atMost, type Figure, median } from './figures.ts'
import { type Measured, startMeasured } from './harness.ts'
import { type Asker, startAsking } from './requests.ts'
import { produce } from './subscribed.ts'
import { makeFeed } from './videos-feed.ts'

const ROUNDS = 7
const COLD_ROUNDS = 21
const TARGET = 0.5
const ROWS_TARGET = 5

/** The figures of feeds: pages of 50 entries. */
export async function feedFigures(): Promise<Figure[]> {
  const measured = await startMeasured()
  const asker = startAsking(measured.url)
  try {
    const { slug } = await makeFeed(measured)
    const path = (format: FeedFormat) => `/feeds/${slug}.${format}`
    await measured.db.prepare('CREATE TABLE bodies (name TEXT PRIMARY KEY, type TEXT, body TEXT)').run()
    const figures: Figure[] = []
    for (const format of FEED_FORMATS) figures.push(...(await ratio(measured, asker, path(format), format)))
    return [
      ...figures,
      atMost('feed.not_modified.rows_read', await notModified(measured, path('atom')), ROWS_TARGET, 'rows'),
      {
        name: 'feed.not_modified.unsaved',
        value: await notModified(measured, '/feeds/events.atom?type=video.*&instance=bench.example'),
        unit: 'rows',
        target: null,
        pass: true,
      },
      await cold(measured, path('atom')),
    ]
  } finally {
    asker.close()
    await measured.stop()
  }
}

/** Requests a second, in turn. What is wanted is wanted of Atom; the other formats are to be known. */
async function ratio(
  measured: Measured,
  { perSecond }: Asker,
  path: string,
  format: FeedFormat,
): Promise<Figure[]> {
  const { response, body } = await read(measured, path)
  await measured.db
    .prepare('INSERT INTO bodies VALUES (?, ?, ?)')
    .bind(format, response.headers.get('content-type'), body)
    .run()
  const bare = () => perSecond(`/bare-body?name=${format}`)
  const ours = () => perSecond(path)
  // Both once before, uncounted: connections, compilation.
  await bare()
  await ours()
  const rounds: { ours: number; bare: number }[] = []
  for (let round = 0; round < ROUNDS; round += 1) rounds.push({ bare: await bare(), ours: await ours() })
  const value = median(rounds.map((round) => round.ours / round.bare))
  const isWanted = format === 'atom'
  const name = isWanted ? 'feed' : `feed.${format}`
  return [
    {
      name: `${name}.ratio`,
      value,
      unit: `of the bare Worker, ${Math.round(Buffer.byteLength(body) / 1000)} KB`,
      target: isWanted ? `>= ${TARGET}` : null,
      pass: !isWanted || value >= TARGET,
    },
    {
      name: `${name}.per_s`,
      value: Math.round(median(rounds.map((round) => round.ours))),
      unit: 'requests/s',
      target: null,
      pass: true,
      baseline: Math.round(median(rounds.map((round) => round.bare))),
      ratio: value,
    },
  ]
}

/** Rows that D1 reads to say that a feed is as it was. */
async function notModified(measured: Measured, path: string): Promise<number> {
  const etag = (await read(measured, path)).response.headers.get('etag') ?? ''
  await measured.call('/count-costs')
  const { response } = await read(measured, path, { 'if-none-match': etag })
  // What bench/worker.ts answers.
  const cost = JSON.parse(await measured.call('/costs')) as Cost
  if (response.status !== 304) throw new Error(`${path} is answered ${response.status}, not 304`)
  return cost.rowsRead
}

/** How long the first request after something new takes, when the page must be read and rendered, beside the next. */
async function cold(measured: Measured, path: string): Promise<Figure> {
  const times: { cold: number; warm: number }[] = []
  for (let round = 0; round < COLD_ROUNDS; round += 1) {
    await produce(measured, { count: 1, perSecond: null })
    times.push({ cold: await millisecondsOf(measured, path), warm: await millisecondsOf(measured, path) })
  }
  return {
    name: 'feed.cold_ms',
    value: median(times.map((time) => time.cold)),
    unit: 'ms',
    target: null,
    pass: true,
    baseline: median(times.map((time) => time.warm)),
  }
}

async function millisecondsOf(measured: Measured, path: string): Promise<number> {
  const startedAt = performance.now()
  const { response } = await read(measured, path)
  if (response.status !== 200) throw new Error(`${path} is answered ${response.status}`)
  return performance.now() - startedAt
}

async function read(
  { url }: Measured,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ response: Response; body: string }> {
  const response = await fetch(new URL(path, url), { headers })
  return { response, body: await response.text() }
}
