/** @module How an answer goes out: its headers, its ETag, compressed if the caller can read it. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { Answer } from './recorded-answers.ts'

/** Headers that belong to one connection or one body: not taken from a recording. */
const OWN_HEADERS = /^(connection|content-length|date|etag|keep-alive|retry-after|x-ratelimit-.*)$/
const GZIP_FROM_BYTES = 1_024

/** Writes an answer, or 304 to whoever has it. @param limitHeaders of the rate limits. */
export function write(
  request: IncomingMessage,
  response: ServerResponse,
  made: Answer,
  limitHeaders: Record<string, string>,
): void {
  for (const [name, value] of Object.entries(made.headers)) {
    if (!OWN_HEADERS.test(name)) response.setHeader(name, value)
  }
  for (const [name, value] of Object.entries(limitHeaders)) response.setHeader(name, value)
  if (made.status === 204) {
    response.writeHead(made.status, { 'content-length': 0 }).end()
    return
  }
  const bytes = bytesOf(made.body)
  // Express's weak ETag: the length and a SHA-1.
  const digest = createHash('sha1').update(bytes).digest('base64').slice(0, 27)
  const etag = `W/"${bytes.length.toString(16)}-${digest}"`
  response.setHeader('etag', etag)
  const isFresh =
    made.status === 200 &&
    request.headers['if-none-match'] === etag &&
    !/no-cache/.test(request.headers['cache-control'] ?? '')
  if (isFresh) {
    response.removeHeader('content-type')
    response.writeHead(304).end()
    return
  }
  const isCompressed =
    bytes.length > GZIP_FROM_BYTES && readsGzip(request) && !(made.body instanceof Uint8Array)
  const sent = isCompressed ? gzipSync(bytes, { level: 1 }) : bytes
  if (isCompressed) response.setHeader('content-encoding', 'gzip').setHeader('vary', 'Accept-Encoding')
  response.writeHead(made.status, { 'content-length': sent.length }).end(sent)
}

function bytesOf(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body)
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function readsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(String(request.headers['accept-encoding'] ?? ''))
}
