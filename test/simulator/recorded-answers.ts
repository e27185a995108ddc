/** @module Answers as they were recorded, and the same in other words. */
import { recording } from './recordings.ts'

/** An answer before headers that all answers have. `body`: a string is sent as it is, undefined: none. */
export type Answer = { status: number; headers: Record<string, string>; body: unknown }

/** An answer as it was recorded. */
export function from(name: string): Answer {
  const { status, headers, body } = recording(name).response
  return { status, headers, body }
}

/** A recorded answer with other fields. */
export function withBody(name: string, change: object): Answer {
  const made = from(name)
  return { ...made, body: { ...(made.body as object), ...change } }
}

/** A recorded problem in other words. */
export function problem(name: string, change: (json: string) => string): Answer {
  const made = from(name)
  return { ...made, body: JSON.parse(change(JSON.stringify(made.body))) }
}

/** What is asked for is not there. @param detail what it is. */
export function notFound(detail: string): Answer {
  return withBody('get_channel_videos_404', { detail, error: detail })
}

/** A parameter of a query is refused. Only the list of all videos names its documentation, as recorded. */
export function refuseParameter(name: string, field: string, url: URL): Answer {
  const { docs, ...recorded } = from(name).body as {
    docs: string
    'invalid-params': Record<string, object>
  }
  const [parameter] = Object.values(recorded['invalid-params'])
  const detail = `Incorrect request parameters: ${field}`
  return {
    ...from(name),
    body: {
      ...recorded,
      detail,
      error: detail,
      instance: url.pathname + url.search,
      'invalid-params': { [field]: { ...parameter, value: url.searchParams.get(field), path: field } },
      ...(url.pathname === '/api/v1/videos' ? { docs } : {}),
    },
  }
}
