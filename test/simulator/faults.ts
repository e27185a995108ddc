/** @module What real servers do instead of answering. */
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { picture } from './pictures.ts'

export type Fault = {
  kind:
    | '404'
    | '410'
    | '500'
    | '502'
    | '503'
    | '429'
    | 'timeout'
    | 'html-200'
    | 'redirect'
    | 'broken-json'
    | 'slow-body'
    | 'close'
    | 'close-mid-body'
    | 'huge-body'
    | 'gzip'
    | 'gzip-bomb'
    | 'huge-picture'
    | 'endless-picture'
    | 'slow-picture'
    | 'empty-picture'
    | 'svg'
    | 'html-as-jpeg'
    | 'png-as-html'
  /** Only requests whose path begins so. */
  path?: string
  /** How many requests; for ever by default. */
  times?: number
  /** So many matching requests are answered first. */
  skip?: number
  /** Of 429 and 503: the header, as it is sent. */
  retryAfter?: string
  /** Of a redirect. */
  location?: string
  /** Of a redirect: 301, not 302. */
  permanent?: boolean
}

/** Misbehaves instead of answering. */
export function misbehave(fault: Fault, response: ServerResponse): void {
  const html = (status: number, text: string) =>
    response
      .writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
      .end(`<html><h1>${text}</h1></html>`)
  const jpeg = picture('jpg', 'a misbehaving one')
  const isJpeg = { 'content-type': 'image/jpeg' }
  switch (fault.kind) {
    case '404':
    case '410':
      html(Number(fault.kind), 'Not here')
      return
    case '500':
      response
        .writeHead(500, { 'content-type': 'application/problem+json; charset=utf-8' })
        .end(JSON.stringify({ type: 'about:blank', title: 'Internal Server Error', status: 500 }))
      return
    case '502':
      html(502, 'Bad Gateway')
      return
    case '503':
    case '429':
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter)
      html(Number(fault.kind), 'Too busy')
      return
    case 'html-200':
      html(200, 'Be right back')
      return
    case 'redirect':
      response
        .writeHead(fault.permanent ? 301 : 302, { location: fault.location ?? 'https://elsewhere.example/' })
        .end()
      return
    case 'broken-json':
      response
        .writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
        .end('{"total": 1, "data": [{')
      return
    case 'slow-body':
      // A byte and then nothing: whoever waits for the rest needs a clock of his own.
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).write('{')
      return
    case 'huge-body':
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      response.end(`{"total":0,"data":["${'x'.repeat(8 * 1024 * 1024)}"]}`)
      return
    case 'gzip':
    case 'gzip-bomb': {
      // A proxy in front compresses; of the bomb, 20 KB become 20 MB.
      const text = fault.kind === 'gzip' ? '{"total":0,"data":[]}' : Buffer.alloc(20 * 1024 * 1024, ' ')
      const headers = { 'content-type': 'application/json; charset=utf-8', 'content-encoding': 'gzip' }
      response.writeHead(200, headers).end(gzipSync(text))
      return
    }
    case 'huge-picture':
      response.writeHead(200, isJpeg).end(Buffer.concat([jpeg], 5 * 1024 * 1024))
      return
    case 'endless-picture':
      response.writeHead(200, isJpeg).write(jpeg)
      pour(response, Buffer.alloc(64 * 1024))
      return
    case 'slow-picture': {
      // Never silent for long, and never done.
      response.writeHead(200, isJpeg).write(jpeg)
      const drip = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(drip))
      return
    }
    case 'empty-picture':
      response.writeHead(200, isJpeg).end()
      return
    case 'svg':
      response
        .writeHead(200, { 'content-type': 'image/svg+xml' })
        .end('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
      return
    case 'html-as-jpeg':
      response.writeHead(200, isJpeg).end('<!doctype html><script>alert(1)</script>')
      return
    case 'png-as-html':
      response.writeHead(200, { 'content-type': 'text/html' }).end(picture('png', 'a misbehaving one'))
      return
    case 'close-mid-body':
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': '1000' })
      response.write('{"total"', () => response.destroy())
      return
    case 'close':
      response.destroy()
      return
    case 'timeout':
      return
  }
}

/** Writes on and on, as fast as it is read, until the other side has had enough. */
function pour(response: ServerResponse, chunk: Buffer): void {
  if (response.destroyed) return
  if (response.write(chunk)) setImmediate(() => pour(response, chunk))
  else response.once('drain', () => pour(response, chunk))
}
