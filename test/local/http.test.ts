/** @module What HTTP itself lets callers send, to the real server: what no client library would. */
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Service, startService } from '../../src/local/service.ts'

let data: string
let service: Service
const log: string[] = []
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tubewire-http-'))
  service = await startService({
    port: 0,
    data,
    every: 60,
    fresh: true,
    onLog: ({ message }) => log.push(message),
    onError(error) {
      throw error
    },
  })
})
afterAll(async () => {
  await service.stop()
  await rm(data, { recursive: true })
})

/** Sends bytes as they are, and then no more. @returns all that is answered. */
function exchange(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect({
      port: Number(service.url.port),
      host: service.url.hostname,
      allowHalfOpen: true,
    })
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      answer += chunk
    })
    socket.on('end', () => {
      socket.end()
      resolve(answer)
    })
    socket.on('error', reject)
    socket.end(text)
  })
}

const head = (line: string, ...headers: string[]) =>
  [line, `Host: ${service.url.host}`, 'Connection: close', ...headers, '', ''].join('\r\n')
const post = (framing: string, body: string) =>
  head(
    'POST /api/v1/endpoints HTTP/1.1',
    `Authorization: Bearer ${service.adminKey}`,
    'Content-Type: application/json',
    framing,
  ) + body

describe('A body', () => {
  it.each([
    ['of chunks that are none', 'Transfer-Encoding: chunked', 'zz\r\nfoo\r\n0\r\n\r\n'],
    ['that is shorter than it says', 'Content-Length: 100', '{"url":'],
    ['that breaks off in a chunk', 'Transfer-Encoding: chunked', '7\r\n{"url"'],
  ])('%s is the caller’s mistake', async (_what, framing, body) => {
    log.length = 0
    const answer = await exchange(post(framing, body))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer.toLowerCase()).toContain('content-type: application/problem+json; charset=utf-8')
    expect(answer).toContain('"body":{"location":"body","msg":"broke off, or is not framed as HTTP"')
    expect(log.filter((line) => line.includes('"log":"error"'))).toEqual([])
  })
})

describe('Who comes from where', () => {
  it('is not for the caller to say: here nobody stands in front who would', async () => {
    const remaining = async (...headers: string[]) => {
      const answer = await exchange(head('GET /api/v1/health HTTP/1.1', ...headers))
      return Number(/x-ratelimit-remaining: (\d+)/i.exec(answer)?.[1])
    }
    const before = await remaining()
    expect(await remaining('CF-Connecting-IP: 203.0.113.7')).toBe(before - 1)
    expect(await remaining('X-Forwarded-For: 203.0.113.7', 'X-Real-IP: 203.0.113.7')).toBe(before - 2)
  })
})

describe('What the platform answers itself', () => {
  it.each([
    ['a method that it does not know', () => head('FOO /api/v1/health HTTP/1.1'), 501],
    ['a header that is none', () => head('GET /api/v1/health HTTP/1.1', 'nonsense'), 400],
    ['a length that is none', () => post('Content-Length: abc', ''), 400],
  ])('%s is refused, and does not come to us', async (_what, request, status) => {
    log.length = 0
    expect(await exchange(request())).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(log.filter((line) => line.includes('"log":"error"'))).toEqual([])
  })
})
