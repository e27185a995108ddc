/** @module What the figures of feeds share: a log of many videos, and a feed of them that is saved. */
import * as v from 'valibot'
import { exampleOf } from '../src/events/catalogue.ts'
import { type Measured, numbers } from './harness.ts'

/** More than a page has. */
const VIDEOS = 500
/** As long as lists of PeerTube show it. */
const DESCRIPTION = `${'A sentence of some thirty letters. '.repeat(6)}https://example.org/about the rest`

const Made = v.object({ id: v.string(), slug: v.string() })

/** Stores videos, and makes a public feed that has the newest of them. */
export async function makeFeed({ db, url, adminKey }: Measured): Promise<v.InferOutput<typeof Made>> {
  const { data } = exampleOf('video.published')
  await db
    .prepare(
      `${numbers(VIDEOS)} INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
       SELECT 'evt_' || i, 'video.published', 'bench.example', 'video' || i, i * 1000, 'poll',
         json_set(?, '$.video.uuid', 'video' || i, '$.video.name', 'Video ' || i, '$.video.description', i || '. ' || ?)
       FROM n`,
    )
    .bind(JSON.stringify(data), DESCRIPTION)
    .run()
  const response = await fetch(new URL('/api/v1/feeds', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Bench', filter: { types: ['video.*'] } }),
  })
  return v.parse(Made, await response.json())
}
