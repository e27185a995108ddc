/** @module The event log as a file, however long: streamed page by page, no faster than it is taken. */
import { CSV_HEADER, csvLine } from './csv.ts'
import { eventJson, type LoggedEvent } from './envelope.ts'

export type ExportFormat = 'ndjson' | 'csv'

const FORMATS: Record<
  ExportFormat,
  { contentType: string; header: string; line: (event: LoggedEvent) => string }
> = {
  ndjson: {
    contentType: 'application/x-ndjson; charset=utf-8',
    header: '',
    // JSON has no line end in it: in texts they are escaped.
    line: (event) => `${eventJson(event)}\n`,
  },
  csv: { contentType: 'text/csv; charset=utf-8; header=present', header: CSV_HEADER, line: csvLine },
}

/** What an export of this format is called in HTTP. */
export function exportType(format: ExportFormat): string {
  return FORMATS[format].contentType
}

/**
 * Pages of events as the bytes of a file. NDJSON: a line for each, as the API and webhooks show it. CSV: see csv.ts.
 *
 * A page is asked for when somebody reads, and none is after a `cancel`. When a page can't be had, the stream fails, so that
 * an HTTP answer of it is cut off rather than ended: a file that ended well is whole. To resume, export what is `after` the
 * last sequence that was received with its whole line.
 */
export function exportEvents(
  format: ExportFormat,
  pages: AsyncIterable<readonly LoggedEvent[]>,
): ReadableStream<Uint8Array> {
  const source = chunks(format, pages)
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await source.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await source.return()
      },
    },
    // Nothing in store: otherwise a page would be read before anybody wants it.
    { highWaterMark: 0 },
  )
}

async function* chunks(
  format: ExportFormat,
  pages: AsyncIterable<readonly LoggedEvent[]>,
): AsyncGenerator<Uint8Array, void> {
  const { header, line } = FORMATS[format]
  const encoder = new TextEncoder()
  if (header !== '') yield encoder.encode(header)
  for await (const page of pages) yield encoder.encode(page.map(line).join(''))
}
