/** @module `npm run sign-in`: what it takes, and what it says of whatever it is refused. With a whole Tubewire: cli.test.ts. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseSignInOptions } from '../../src/local/sign-in-options.ts'
import { freePort, startCli } from '../support/cli.ts'

const LINK = 'https://tubewire.example/#/link/3f2a9c0e5b7d41886c1f0a9e2d4b6c8f7a5e3d10'

/** A server that answers each request so. @returns its address. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  // A server that listens on TCP has an address of this kind.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json = (status: number, body: unknown): RequestListener => {
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  return (_request, response) =>
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
}

async function signIn(url: string, key = 'the-key') {
  const cli = startCli([], { program: 'sign-in.ts', env: { TUBEWIRE_URL: url, TUBEWIRE_KEY: key } })
  return { code: await cli.ended, output: cli.output() }
}

describe('npm run sign-in', () => {
  it('prints the link that it asked for with the key', async () => {
    const asked: unknown[] = []
    const url = await serve((request, response) => {
      asked.push([request.method, request.url, request.headers.authorization])
      json(201, { url: LINK, expiresAt: '2026-11-25T11:00:00.000Z' })(request, response)
    })
    const { code, output } = await signIn(url)
    expect(code).toBe(0)
    expect(output).toContain(`${LINK}\n`)
    expect(asked).toEqual([['POST', '/api/v1/session/links', 'Bearer the-key']])
  })

  it.each([
    ['a wrong key', 401, { detail: 'Token is invalid', code: 'invalid_token' }, /does not take this key/],
    ['an API key, a session', 403, { detail: 'x', code: 'operator_required' }, /must be the ADMIN_KEY/],
    ['a user', 403, { detail: 'The role User may not do this' }, /The role User may not do this/],
    [
      'a blocked root',
      409,
      { detail: 'The account is blocked', code: 'owner_shut_out' },
      /account is blocked/,
    ],
  ])('says in one line that it is refused: %s', async (_what, status, problem, expected) => {
    const { code, output } = await signIn(await serve(json(status, problem)))
    expect(output).toMatch(/^tubewire: .+\n$/)
    expect([code, output]).toEqual([2, expect.stringMatching(expected)])
  })

  it.each([
    ['no JSON', (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')],
    ['no link', json(201, { url: 'javascript:alert(1)' })],
  ] satisfies [string, RequestListener][])(
    'takes no other server for a Tubewire: %s',
    async (_what, answer) => {
      const { code, output } = await signIn(await serve(answer))
      expect([code, output]).toEqual([2, expect.stringMatching(/answers as no Tubewire does/)])
    },
  )

  it('says that nothing listens there', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const { code, output } = await signIn(url)
    expect([code, output]).toEqual([
      2,
      expect.stringMatching(/could not be reached .*ECONNREFUSED.* is it running\?/),
    ])
  })
})

describe('Its command line', () => {
  it('means the Tubewire on this machine, or the one of --url, before that of TUBEWIRE_URL', () => {
    expect(parseSignInOptions([], {})).toEqual({ url: null, key: null, port: 8787 })
    const environment = { TUBEWIRE_URL: 'https://a.example', TUBEWIRE_KEY: 'k' }
    expect(parseSignInOptions([], environment)?.url?.href).toBe('https://a.example/')
    expect(parseSignInOptions(['--url', 'https://b.example'], environment)?.url?.href).toBe(
      'https://b.example/',
    )
    expect(parseSignInOptions(['--help'], {})).toBeNull()
  })

  it.each([
    [['--url', 'https://a.example'], {}, /needs a --key/],
    [['--url', 'http://a.example', '--key', 'k'], {}, /unencrypted/],
    [[], { TUBEWIRE_URL: 'a.example' }, /must be a URL/],
    [['--port', 'x'], {}, /--port must be/],
    [['--colour'], {}, /--help" lists the options/],
  ])('refuses %j with %j', (args, environment, expected) => {
    expect(() => parseSignInOptions(args, environment)).toThrow(expected)
  })
})
