/** @module `npm run administrator -- URL`: the program as whoever deploys meets it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startService } from '../../src/local/service.ts'
import { freePort, startCli } from '../support/cli.ts'

/** Runs it to its end. @param key undefined: none is set. */
async function administrator(
  args: readonly string[],
  key?: string,
): Promise<{ code: unknown; output: string }> {
  const cli = startCli(args, { program: 'administrator.ts', env: { ADMIN_KEY: key } })
  return { code: await cli.ended, output: cli.output() }
}

describe('A mistake is one clear line and exit code 2', () => {
  const USAGE = 'tubewire: usage: ADMIN_KEY=… npm run administrator -- https://tubewire.example\n'

  it.each([
    ['no address', [], 'key', USAGE],
    ['something else', ['tubewire.example'], 'key', USAGE],
    ['two addresses', ['https://a.example', 'https://b.example'], 'key', USAGE],
    [
      'no key',
      ['https://tubewire.example'],
      undefined,
      'tubewire: ADMIN_KEY is not set: it is the secret that `wrangler secret put` was given\n',
    ],
    [
      'a key that would go over the net unencrypted',
      ['http://tubewire.example'],
      'key',
      'tubewire: http://tubewire.example: the admin key would go there unencrypted; use https://\n',
    ],
  ])('%s', async (_what, args, key, output) => {
    expect(await administrator(args, key)).toEqual({ code: 2, output })
  })

  it('an address where nobody answers', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const { code, output } = await administrator([url], 'key')
    expect(code).toBe(2)
    expect(output).toMatch(new RegExp(`^tubewire: ${url} could not be reached \\(.*ECONNREFUSED.*\\)\n$`))
  })

  it('an address where something else answers', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hello')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    // A server that listens on TCP has an address of this kind.
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await administrator([url], 'key')).toEqual({
      code: 2,
      output: `tubewire: ${url} answers as no Tubewire does: is that its address?\n`,
    })
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('On a Tubewire that was just made', () => {
  it('it gives a password that lets in, once, and refuses a wrong key', async () => {
    const data = await mkdtemp(join(tmpdir(), 'tubewire-test-'))
    const onError = (error: unknown) => {
      throw error
    }
    const service = await startService({
      port: 0,
      data,
      every: 60,
      fresh: true,
      onLog: () => undefined,
      onError,
    })
    onTestFinished(async () => {
      await service.stop()
      await rm(data, { recursive: true })
    })
    const { origin } = service.url

    const wrong = await administrator([origin], 'not-the-key')
    expect(wrong).toEqual({ code: 2, output: expect.stringMatching(/^tubewire: .+\n$/) })

    const first = await administrator([origin], service.adminKey)
    expect(first.code).toBe(0)
    const [, username, password] =
      /^User name {2}(\S+)\nPassword {3}(\S{20})\n\nIt is shown this once\.\n$/.exec(first.output) ?? []
    expect(username).toBe('root')
    const login = await fetch(`${origin}/api/v1/users/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: 'tubewire',
        client_secret: 'public',
        grant_type: 'password',
        username: 'root',
        password: password ?? '',
      }),
    })
    expect(login.status).toBe(200)

    expect(await administrator([origin], service.adminKey)).toEqual({
      code: 0,
      output: 'The first administrator has a password already.\n',
    })
  })
})
