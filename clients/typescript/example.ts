import createClient from 'openapi-fetch'
import type { paths } from './tubewire.d.ts'

const client = createClient<paths>({
  baseUrl: process.env['TUBEWIRE_URL'] ?? 'http://127.0.0.1:8787',
  headers: { authorization: `Bearer ${process.env['TUBEWIRE_KEY']}` },
})

async function eventsAfter(after: string) {
  const { data, error } = await client.GET('/api/v1/events', { params: { query: { after, limit: 100 } } })
  if (error) throw new Error(`${error.status} ${error.title}: ${error.detail}`)
  return data
}

// Prints the event log, page by page.
let next: string | undefined = '0'
while (next !== undefined) {
  const page = await eventsAfter(next)
  for (const event of page.data) {
    // The type of an event tells what its data is.
    const about = event.type === 'video.published' ? event.data.video.name : ''
    console.log(event.sequence, event.type, about)
  }
  next = page.next
}
