/** @module `npm run listen` and `npm run tail` as processes, and what they take on their command lines. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { forwarder } from '../../src/local/forward.ts'
import { parseListenOptions, parseTailOptions } from '../../src/local/live-options.ts'
import { Mistake } from '../../src/local/mistake.ts'
import { findService } from '../../src/local/service-here.ts'
import { startReceiver } from '../simulator/receiver.ts'
import { type Cli, freePort, startCli } from '../support/cli.ts'
import { STREAM_KEY, type StreamServer, startStreamServer, streamed } from '../support/stream-server.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

let server: StreamServer
const started: Cli[] = []
beforeEach(async () => {
  server = await startStreamServer(3)
})
afterEach(async () => {
  for (const cli of started.splice(0)) {
    cli.process.kill('SIGKILL')
    await cli.ended
  }
  await server.close()
})

function start(program: 'listen.ts' | 'tail.ts', args: readonly string[], key = STREAM_KEY): Cli {
  const cli = startCli(['--url', server.url, ...args], { program, env: { TUBEWIRE_KEY: key } })
  started.push(cli)
  return cli
}
const ids = (requests: readonly { headers: Record<string, string> }[]) =>
  requests.map(({ headers }) => headers['webhook-id'])

describe('npm run listen', () => {
  it('forwards what comes, and first the newest that are asked for, signed with the secret that it prints', async () => {
    const receiver = await startReceiver()
    const cli = start('listen.ts', ['--to', receiver.url, '--replay', '2'])
    const [, secret = ''] = await cli.line(/signed with (whsec_\S+)/)
    await receiver.waitFor(2)
    await server.asksFor('/api/v1/stream', 1)
    server.publish(1)
    const received = await receiver.waitFor(3)
    expect(ids(received)).toEqual(['evt_2', 'evt_3', 'evt_4'])
    for (const { body, headers } of received) new Webhook(secret).verify(body, headers)
    expect(JSON.parse(received[2]?.body ?? '')).toEqual(streamed(4))
    expect(received[2]?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Tubewire\//),
    })
    await cli.line(/> video\.published {2}\S+ {2}".+" {2}#4: 200 in \d+ ms/)
    cli.process.kill('SIGINT')
    expect(await cli.ended).toBe(0)
    await receiver.close()
  })

  it('loses nothing and sends nothing twice while the service goes and comes', async () => {
    const receiver = await startReceiver()
    receiver.setSecret(SECRET)
    const cli = start('listen.ts', ['--to', receiver.url, '--secret', SECRET])
    await server.asksFor('/api/v1/stream', 1)
    for (let round = 0; round < 3; round += 1) {
      server.publish(5)
      server.drop('destroy')
      server.publishUntold(5)
    }
    await server.close()
    server.publishUntold(5)
    await cli.line(/trying again until it answers/)
    await server.listen()
    const received = await receiver.waitFor(35)
    expect(ids(received)).toEqual(Array.from({ length: 35 }, (_, index) => `evt_${index + 4}`))
    expect(received.every(({ verified }) => verified)).toBe(true)
    expect(cli.output()).not.toContain(SECRET)
    await receiver.close()
  })

  it('tries an event until the program takes it, says so once, and sends the rest after it', async () => {
    const port = await freePort()
    const cli = start('listen.ts', ['--to', `http://127.0.0.1:${port}/hook`, '--secret', SECRET])
    await server.asksFor('/api/v1/stream', 1)
    server.publish(3)
    await cli.line(/! .*#4: .*ECONNREFUSED.*; trying until it is taken/)
    const receiver = await startReceiver({ port })
    receiver.setSecret(SECRET)
    receiver.answer({ status: 500, times: 1 }, { status: 200 })
    const received = await receiver.waitFor(4)
    expect(ids(received)).toEqual(['evt_4', 'evt_4', 'evt_5', 'evt_6'])
    expect(received.every(({ verified }) => verified)).toBe(true)
    await cli.line(/> .*#4: 200 in \d+ ms, at the \d+(st|nd|rd|th) try/)
    expect(cli.output().match(/ECONNREFUSED/g)).toHaveLength(1)
    expect(cli.output()).toMatch(/! .*#4: 500 in \d+ ms; trying until it is taken/)
    await receiver.close()
  })

  it('ends at once with a key that is wrong, and says so', async () => {
    const cli = start('listen.ts', ['--to', 'http://127.0.0.1:1/'], 'tw_wrong')
    expect(await cli.ended).toBe(2)
    expect(cli.output()).toContain('does not take this key: Token is invalid')
  })
})

describe('Forwarding', () => {
  it('waits for an answer no longer than it may take, and ever longer between tries, signing each anew', async () => {
    const receiver = await startReceiver()
    receiver.answer(
      { kind: 'hang', times: 1 },
      { kind: 'close', times: 1 },
      { status: 302, headers: { location: '/elsewhere' }, times: 4 },
      { status: 204 },
    )
    const waits: number[] = []
    const said: string[] = []
    let now = Date.now() - 10_000
    const forward = forwarder(
      { to: new URL(receiver.url), secret: SECRET, base: new URL(server.url) },
      {
        fetch,
        clock: () => now,
        async wait(milliseconds) {
          waits.push(milliseconds)
          now += 1_000
        },
        say: (line) => said.push(line.replace(/^(.).*#/, '$1 #')),
        timeoutMs: 300,
      },
    )
    await forward(streamed(4))
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000])
    expect(said).toEqual([
      '! #4: no answer within 0.3 s; trying until it is taken',
      expect.stringMatching(/^! #4: .+; trying until it is taken$/),
      '! #4: 302 in 0 ms; trying until it is taken',
      '> #4: 204 in 0 ms, at the 7th try',
    ])
    const timestamps = receiver.requests().map(({ headers }) => headers['webhook-timestamp'])
    expect(new Set(timestamps).size).toBe(7)
    receiver.release()
    await receiver.close()
  })
})

describe('npm run tail', () => {
  it('prints a JSON object a line, and nothing else there', async () => {
    const cli = start('tail.ts', ['--json', '--replay', '1', '--filter', 'type=video.*'])
    await server.asksFor('/api/v1/stream', 1)
    server.publish(2)
    await cli.line(/"sequence":5,/)
    const lines = cli.output().trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([streamed(3), streamed(4), streamed(5)])
    cli.process.kill('SIGTERM')
    expect(await cli.ended).toBe(0)
    expect(server.asked().at(-1)?.query).toEqual({ type: 'video.*', after: '3' })
  })

  it('prints a line for people', async () => {
    const cli = start('tail.ts', [])
    await server.asksFor('/api/v1/stream', 1)
    server.publish(1)
    await cli.line(/^\d\d:\d\d:\d\d \+ video\.published {2}\S+ {2}".+" {2}#4$/m)
  })

  it('prints what there is to choose from', async () => {
    const cli = start('tail.ts', ['--help'])
    expect(await cli.ended).toBe(0)
    expect(cli.output()).toContain('Usage: npm run tail -- [options]')
  })
})

describe('The command line', () => {
  const listen = (args: readonly string[], env = {}) => parseListenOptions(args, env)
  const tail = (args: readonly string[], env = {}) => parseTailOptions(args, env)

  it('has defaults', () => {
    expect(tail([])).toEqual({
      url: null,
      key: null,
      port: 8787,
      filter: new URLSearchParams(),
      replay: 0,
      json: false,
    })
    expect(listen(['--to', 'http://localhost:3000/hook'])).toMatchObject({
      to: new URL('http://localhost:3000/hook'),
      secret: null,
    })
    expect(listen(['--help'])).toBeNull()
    expect(tail(['--help'])).toBeNull()
  })

  it('takes a key from the environment, and rather the one that it names', () => {
    const env = { TUBEWIRE_KEY: 'tw_env' }
    expect(tail(['--url', 'https://a.example'], env)).toMatchObject({ key: 'tw_env' })
    expect(tail(['--key', 'tw_own'], env)).toMatchObject({ key: 'tw_own' })
    expect(tail([], { TUBEWIRE_KEY: '' })).toMatchObject({ key: null })
  })

  it('puts parts of a filter together', () => {
    const options = tail(['--filter', 'type=video.*&tag=a', '--filter', 'q=two words'])
    expect(Object.fromEntries(options?.filter ?? [])).toEqual({ type: 'video.*', tag: 'a', q: 'two words' })
  })

  it.each([
    [[], '--to must say where events are sent; "npm run listen -- --help" lists the options'],
    [['--to', 'localhost:3000'], '--to must be a URL with http:// or https:// (got localhost:3000)'],
    [['--to', 'http://a/', '--secret', 'whsec_x'], '--secret must be "whsec_" and the base64'],
    [['--to', 'http://a/', '--filter', 'colour=red'], '--filter must be of type, instance, channel, tag, q'],
    [['--to', 'http://a/', '--filter', ''], '--filter must be a query'],
    [['--to', 'http://a/', '--filter', 'type='], '--filter must say what is asked for'],
    [['--to', 'http://a/', '--filter', 'tag=a', '--filter', 'tag=b'], '--filter must not have tag twice'],
    [['--to', 'http://a/', '--replay', '101'], '--replay must be a whole number from 0 to 100'],
    [['--to', 'http://a/', '--url', 'https://a.example'], '--url needs a --key of that Tubewire'],
    [['--to', 'http://a/', '--url', 'http://a.example', '--key', 'k'], 'the key would go there unencrypted'],
    [['--to', 'http://a/', '--key', 'a b'], '--key must be an API key'],
    [['--to', 'http://a/', 'more'], `Unexpected argument 'more': options follow "npm run listen --"`],
  ])('is refused with a word on what is wrong: %j', (args, message) => {
    expect(() => listen(args)).toThrow(Mistake)
    expect(() => listen(args)).toThrow(message)
  })

  it('without a service means the one on this machine, with the key that is kept there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tubewire-key-'))
    const path = join(folder, '.dev.vars')
    const where = { url: null, key: null, port: 8_000 }
    await expect(findService(where, path)).rejects.toBeInstanceOf(Mistake)
    await writeFile(path, '# secrets\nADMIN_KEY="abc"\n')
    expect(await findService(where, path)).toEqual({ url: new URL('http://127.0.0.1:8000'), key: 'abc' })
    const named = { url: new URL('https://a.example'), key: 'tw_1', port: 8_000 }
    expect(await findService(named, '/nowhere')).toEqual({ url: named.url, key: 'tw_1' })
    await rm(folder, { recursive: true })
  })
})
