/** @module The event log as a file, out of the real database: whole, cut off, given up, and broken in the midst. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { eventPages, listEvents } from '../../src/db/events.ts'
import { eventJson } from '../../src/events/envelope.ts'
import { type ExportFormat, exportEvents, exportType } from '../../src/events/export.ts'
import { countCosts } from '../support/count-costs.ts'
import { parseCsv } from '../support/csv.ts'
import { logRow, OTHER, setLog, VIEWER } from '../support/events.ts'

const EVENTS = 250
/** Every tenth is somebody else's. */
const SEEN = Array.from({ length: EVENTS }, (_, index) => index + 1).filter((sequence) => sequence % 10 !== 0)
const PAGE = { rows: 20, bytes: 1_000_000 }
const PAGES = Math.ceil(SEEN.length / PAGE.rows)

beforeAll(() =>
  setLog(
    Array.from({ length: EVENTS }, (_, index) =>
      logRow({
        sequence: index + 1,
        ownerId: (index + 1) % 10 === 0 ? OTHER : null,
        data: JSON.stringify({ video: { name: `"Film", n° ${index + 1}\r\n🐙`, uuid: '=1' } }),
      }),
    ),
  ),
)

const exported = (format: ExportFormat, after = 0, db = env.DB) =>
  exportEvents(format, eventPages(db, { viewerId: VIEWER, after }, PAGE))

const text = (stream: ReadableStream<Uint8Array>) => new Response(stream).text()

/** The sequences of whole lines. */
const sequencesOf = (ndjson: string) =>
  ndjson
    .split('\n')
    .slice(0, -1)
    .map((line): number => JSON.parse(line).sequence)

/** The first bytes of a file, as of a connection that is lost; the reader then lets go. */
async function cut(stream: ReadableStream<Uint8Array>, chunks: number, bytesOfLast: number): Promise<string> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let got = ''
  for (let count = 1; count <= chunks; count += 1) {
    const { value } = await reader.read()
    got += decoder.decode(count < chunks ? value : value?.subarray(0, bytesOfLast), { stream: true })
  }
  await reader.cancel()
  return got
}

describe('The event log as NDJSON', () => {
  it('has a line for each event that the viewer may see, as the API shows it', async () => {
    const whole = await listEvents(env.DB, { viewerId: VIEWER, after: 0 }, EVENTS)
    const file = await text(exported('ndjson'))
    expect(file).toBe(whole.map((event) => `${eventJson(event)}\n`).join(''))
    expect(sequencesOf(file)).toEqual(SEEN)
  })

  it('is resumed after a cut in the midst of a line, each event once', async () => {
    const first = sequencesOf(await cut(exported('ndjson'), 3, 1_000))
    expect(first.length).toBeGreaterThan(2 * PAGE.rows)
    const rest = sequencesOf(await text(exported('ndjson', first.at(-1))))
    expect([...first, ...rest]).toEqual(SEEN)
  })

  it('of nothing is empty', async () => {
    expect(await text(exported('ndjson', EVENTS))).toBe('')
  })
})

describe('The event log as CSV', () => {
  it('has the names of the columns, and a record for each event', async () => {
    const [header = [], ...records] = parseCsv(await text(exported('csv')))
    expect(records.map(([sequence]) => Number(sequence))).toEqual(SEEN)
    const record = Object.fromEntries(header.map((name, index) => [name, records[0]?.[index]]))
    expect(record).toMatchObject({ id: 'evt_1', video_name: '"Film", n° 1\r\n🐙', video_uuid: "'=1" })
  })

  it('of nothing is the names of the columns', async () => {
    expect(parseCsv(await text(exported('csv', EVENTS)))).toHaveLength(1)
  })
})

describe('An export', () => {
  it('says what it is', () => {
    expect([exportType('ndjson'), exportType('csv')]).toEqual([
      'application/x-ndjson; charset=utf-8',
      'text/csv; charset=utf-8; header=present',
    ])
  })

  it('asks the database for a page when one is wanted, and not before', async () => {
    const { db, cost } = countCosts(env.DB)
    const reader = exported('ndjson', 0, db).getReader()
    expect(cost.roundTrips).toBe(0)
    await reader.read()
    expect(cost.roundTrips).toBe(1)
    await reader.read()
    expect(cost.roundTrips).toBe(2)
    await reader.cancel()
  })

  it('asks for nothing more when it is given up', async () => {
    const { db, cost } = countCosts(env.DB)
    await cut(exported('ndjson', 0, db), 3, 100)
    expect(cost.roundTrips).toBe(3)
    // As long as a whole one takes.
    await text(exported('ndjson'))
    expect(cost.roundTrips).toBe(3)
  })

  it('asks once for each page, and once to know that there are no more', async () => {
    const { db, cost } = countCosts(env.DB)
    await text(exported('csv', 0, db))
    expect(cost.roundTrips).toBe(PAGES + 1)
  })

  it.each<ExportFormat>(['ndjson', 'csv'])(
    'as %s fails when the database does, so that it never looks whole',
    async (format) => {
      let left = 2
      const db = new Proxy(env.DB, {
        get(target, name) {
          if (name !== 'prepare') return Reflect.get(target, name)
          if (left === 0) throw new Error('Network connection lost')
          left -= 1
          return target.prepare.bind(target)
        },
      })
      const reader = exported(format, 0, db).getReader()
      let bytes = 0
      const readToEnd = async () => {
        for (;;) {
          const { done, value } = await reader.read()
          if (done) return
          bytes += value.byteLength
        }
      }
      await expect(readToEnd()).rejects.toThrow('Network connection lost')
      expect(bytes).toBeGreaterThan(0)
    },
  )
})
