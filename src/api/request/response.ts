/** @module From what a handler answers to a response, with what every response carries. */

import type { Answer } from '../operation.ts'
import { entityTag, isNotModified } from './conditional.ts'
import { allowAnyOrigin, isCrossOrigin } from './cors.ts'
import type { Passage } from './passage.ts'

/** A response, with an entity tag when it is a read; 304 when the caller has it. */
export async function toResponse({ request, operation }: Passage, answer: Answer): Promise<Response> {
  const text = answer.text ?? (answer.body === undefined ? null : JSON.stringify(answer.body))
  const headers = new Headers(answer.headers)
  if (text === null) return new Response(null, { status: answer.status, headers })
  if (!headers.has('content-type')) headers.set('content-type', 'application/json; charset=utf-8')
  const isRead = operation?.method === 'GET'
  // What a PATCH answers is what a GET would: it has the same tag (RFC 9110, 9.3.4 by analogy).
  const isKept = headers.get('cache-control') !== 'no-store'
  if (answer.status !== 200 || !isKept || !(isRead || operation?.method === 'PATCH'))
    return new Response(text, { status: answer.status, headers })
  const tag = await entityTag(text)
  headers.set('etag', tag)
  if (!isRead) return new Response(text, { headers })
  // A cache may keep it, and must ask each time whether it still holds.
  if (!headers.has('cache-control')) headers.set('cache-control', 'private, no-cache')
  headers.append('vary', 'Authorization, Cookie')
  return isNotModified(request, tag)
    ? new Response(null, { status: 304, headers })
    : new Response(text, { headers })
}

/** What every answer carries. */
export function dress(
  { path, headers: limits, requestId }: Pick<Passage, 'path' | 'headers' | 'requestId'>,
  response: Response,
): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(limits)) headers.set(name, value)
  headers.set('x-request-id', requestId)
  headers.set('x-content-type-options', 'nosniff')
  headers.set('x-frame-options', 'DENY')
  headers.set('referrer-policy', 'no-referrer')
  headers.set('strict-transport-security', 'max-age=31536000')
  if (!headers.has('content-security-policy'))
    headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  if (isCrossOrigin(path)) allowAnyOrigin(headers)
  // A socket goes with its answer (RFC 6455, 4.2.2); what is a stream stays one.
  return response.webSocket
    ? new Response(null, { status: 101, headers, webSocket: response.webSocket })
    : new Response(response.body, { status: response.status, headers })
}
