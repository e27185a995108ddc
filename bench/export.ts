/**
 * @module How fast a million events are exported, and in how much memory. Beside: the same bytes streamed from nowhere, and
 * then a bare loop of the same statement.
 */
import { atMost, type Figure } from './figures.ts'
import { type Measured, numbers } from './harness.ts'
import { residentMb, startWithSmallHeaps } from './resident.ts'

const EVENTS = 1_000_000
/** Of the baseline, which is not worth as long a time. */
const BARE_EVENTS = 200_000
/** Events written at once: more take longer than a statement may. */
const STEP = 50_000
const SAMPLE_MS = 50
/** About so long is one of these events. */
const LINE_BYTES = 1_150

/** Events of 1 KB of data. */
async function seed(db: D1Database): Promise<void> {
  const data = JSON.stringify({
    video: { name: 'x'.repeat(60), description: 'y'.repeat(240), url: 'z'.repeat(670) },
  })
  for (let from = 0; from < EVENTS; from += STEP) {
    await db
      .prepare(
        `${numbers(STEP)} INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
         SELECT 'evt_' || (?1 + i), 'video.published', 'bench', i, (?1 + i) * 1000, 'poll', ?2 FROM n`,
      )
      .bind(from, data)
      .run()
  }
}

/** Reads an answer to its end. @returns its megabytes, lines and seconds, and the most memory while its halves were read. */
async function take({ open }: Measured, path: string, expectedMb = Number.POSITIVE_INFINITY) {
  const startedAt = performance.now()
  const peaks = { first: 0, second: 0 }
  let [bytes, lines, sampledAt] = [0, 0, 0]
  const { body } = await open(path)
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1
    if (performance.now() - sampledAt < SAMPLE_MS) continue
    sampledAt = performance.now()
    const half = bytes / 1e6 < expectedMb / 2 ? 'first' : 'second'
    peaks[half] = Math.max(peaks[half], await residentMb())
  }
  return { mb: bytes / 1e6, lines, seconds: (performance.now() - startedAt) / 1000, peaks }
}

/** All figures of the export. */
export async function exportFigures(): Promise<Figure[]> {
  const measured = await startWithSmallHeaps()
  try {
    await seed(measured.db)
    const cold = await residentMb()
    // About as long as the events of the bare loop are.
    const zeros = await take(measured, `/memory?chunks=${(BARE_EVENTS * LINE_BYTES) / 1e6}`)
    const warm = await residentMb()
    const exported = await take(measured, '/export', (EVENTS * LINE_BYTES) / 1e6)
    if (exported.lines !== EVENTS) throw new Error(`the export has ${exported.lines} lines, not ${EVENTS}`)

    const startedAt = performance.now()
    const events = Number(await measured.call('/export-bare', BARE_EVENTS + 1))
    if (events !== BARE_EVENTS) throw new Error(`the bare loop read ${events} events, not ${BARE_EVENTS}`)
    const bareSeconds = (performance.now() - startedAt) / 1000

    const { first, second } = exported.peaks
    const peak = Math.max(first, second)
    const value = exported.mb / exported.seconds
    const baseline = zeros.mb / (bareSeconds + zeros.seconds)
    return [
      {
        name: 'export.mb_per_s',
        value,
        unit: 'MB/s',
        target: null,
        pass: true,
        baseline,
        ratio: value / baseline,
      },
      // Beyond what workerd takes to stream anything, the local D1 included: it is in the same process.
      atMost('export.memory_mb', peak - warm, 64, 'MB'),
      atMost('export.memory_second_half_mb', second - first, 16, 'MB'),
      {
        name: 'export.memory_cold_mb',
        value: peak - cold,
        unit: 'MB',
        target: null,
        pass: true,
        baseline: warm - cold,
        ratio: (peak - cold) / (warm - cold),
      },
    ]
  } finally {
    await measured.stop()
  }
}
