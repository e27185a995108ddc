/** @module `npm start` as a newcomer meets it: real processes, real ports. */
import { access, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Mistake } from '../../src/local/mistake.ts'
import { startWorker } from '../../src/local/worker.ts'
import { allGone, descendants, freePort, startCli } from '../support/cli.ts'
import { useCli } from '../support/use-cli.ts'

const own = useCli()
const start = (...args: string[]) => own.start(args)

describe('A mistake is one clear line and exit code 2', () => {
  it.each([
    [['--colour'], "tubewire: Unknown option '--colour'"],
    [
      ['--instance', '@nonsense'],
      'tubewire: --instance must have the host after the name, as in @name@peertube.example (got @nonsense)',
    ],
    [
      ['--instance', 'http://127.0.0.1:1'],
      'tubewire: http://127.0.0.1:1 refuses connections: nobody listens there',
    ],
  ])('%j', async (args, message) => {
    const cli = start(...args)
    expect(await cli.ended, cli.output()).toBe(2)
    expect(cli.output()).toContain(message)
    expect(cli.output()).not.toContain('    at ')
  })

  it('a taken port', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(own.port, '127.0.0.1', resolve))
    const cli = start()
    expect(await cli.ended, cli.output()).toBe(2)
    expect(cli.output()).toContain(`port ${own.port} is taken`)
    await new Promise((resolve) => server.close(resolve))
  })

  it('a port that is taken after it was found free', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(own.port, '127.0.0.1', resolve))
    const starting = startWorker({ port: own.port, data: own.data, vars: {}, onLog: () => undefined })
    await expect(starting).rejects.toThrow(
      new Mistake(`port ${own.port} is taken or not allowed: choose another with --port`),
    )
    await new Promise((resolve) => server.close(resolve))
  })

  it('a data folder that another Tubewire uses', async () => {
    const first = start()
    await first.line(/Tubewire is ready/)
    own.port = await freePort()
    const second = start()
    expect(await second.ended, second.output()).toBe(2)
    expect(second.output()).toContain(`another Tubewire (process ${first.process.pid}) uses ${own.data}`)
  })

  it.each([
    [[], 'it is a file, not a folder'],
    [['below'], 'there is a file where a folder should be'],
  ])('a data folder that is a file, or in one: %j', async (below, reason) => {
    const file = join(own.data, 'file')
    await writeFile(file, '')
    const cli = startCli(['--port', String(own.port), '--data', join(file, ...below)])
    expect(await cli.ended, cli.output()).toBe(2)
    expect(cli.output()).toContain(`can't be used: ${reason}`)
  })

  it('and --help is none', async () => {
    const cli = startCli(['--help'])
    expect(await cli.ended, cli.output()).toBe(0)
    expect(cli.output()).toContain('--every SECONDS')
  })
})

/** Logs in over the API. @returns the status of the answer. */
async function logIn(username = '', password = ''): Promise<number> {
  const client = { client_id: 'tubewire', client_secret: 'public', grant_type: 'password' }
  const { status } = await fetch(`http://127.0.0.1:${own.port}/api/v1/users/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...client, username, password }),
  })
  return status
}

describe('The first start', () => {
  const LOG_IN = /Log in {5}as (\S+) with (\S+) {3}\(shown this once\)/

  it('shows the password of the first administrator at its end, before the link to the dashboard; later ones do not', async () => {
    const first = start()
    const [, username, password] = await first.line(LOG_IN)
    expect(username).toBe('root')
    await first.line(/shown this once\)\n {2}Dashboard {2}.+\n\nTubewire is ready/)
    expect(await logIn(username, password)).toBe(200)
    first.process.kill('SIGINT')
    expect(await first.ended, first.output()).toBe(0)
    const second = start()
    await second.line(/Tubewire is ready/)
    expect(second.output()).not.toContain('Log in')
    expect(await logIn(username, password)).toBe(200)
  })

  it('that is refused has not used it up', async () => {
    const refused = start('--instance', 'http://127.0.0.1:1')
    expect(await refused.ended, refused.output()).toBe(2)
    expect(refused.output()).not.toContain('Log in')
    const next = start()
    const [, username, password] = await next.line(LOG_IN)
    expect(await logIn(username, password)).toBe(200)
  })
})

/** Signs in with the code of a link. @returns the status, and who it is. */
async function useLink(url = ''): Promise<[status: number, username: string | undefined]> {
  const { origin, hash } = new URL(url)
  const answer = await fetch(`${origin}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ code: hash.slice('#/link/'.length) }),
  })
  const body: { user?: { username: string } } = await answer.json()
  return [answer.status, body.user?.username]
}

describe('The link to the dashboard', () => {
  const LINK =
    /\n {2}Dashboard {2}(http:\S+\/#\/link\/[0-9a-f]{40}) {3}\(signs you in, once, within an hour\)\n/

  it('signs root in, once, also when he was signed in before; npm run sign-in prints another', async () => {
    const first = start()
    const [, url] = await first.line(LINK)
    await first.line(/Tubewire is ready/)
    expect(url).toContain(`http://127.0.0.1:${own.port}/#/link/`)
    expect(await useLink(url)).toEqual([200, 'root'])
    expect((await useLink(url))[0]).toBe(400)
    first.process.kill('SIGINT')
    expect(await first.ended, first.output()).toBe(0)

    const second = start()
    const [, next] = await second.line(LINK)
    await second.line(/Tubewire is ready/)
    expect(await useLink(next)).toEqual([200, 'root'])
    const asked = startCli(['--port', String(own.port)], {
      program: 'sign-in.ts',
      env: { TUBEWIRE_URL: undefined, TUBEWIRE_KEY: undefined },
    })
    expect(await asked.ended, asked.output()).toBe(0)
    const [, printed] = /^(http:\S+)$/m.exec(asked.output()) ?? []
    expect(await useLink(printed)).toEqual([200, 'root'])
  })

  it('is none when root is blocked, and the start goes on', async () => {
    const cli = start()
    const [, key] = await cli.line(/Admin key {2}(\S+)/)
    await cli.line(/Tubewire is ready/)
    const api = (path: string, body: unknown) =>
      fetch(`http://127.0.0.1:${own.port}/api/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    // Somebody else must be left who can.
    await api('/users', { username: 'boss', password: 'correct horse', role: 0 })
    expect((await api('/users/usr_administrator/block', {})).ok).toBe(true)
    cli.process.kill('SIGINT')
    expect(await cli.ended, cli.output()).toBe(0)
    const next = start()
    await next.line(/Dashboard {2}http:\S+\/ {3}\(log in there: root is blocked/)
    await next.line(/Tubewire is ready/)
  })
})

describe('A stop', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s says when it begins, and when it is done',
    async (signal) => {
      const cli = start()
      await cli.line(/Tubewire is ready/)
      cli.process.kill(signal)
      expect(await cli.ended, cli.output()).toBe(0)
      expect(cli.output()).toMatch(/\nStopping …\n(.*\n)*Stopped\.\n$/)
    },
  )

  it('is whole also when nobody reads any more what it says', async () => {
    const cli = start()
    await cli.line(/Tubewire is ready/)
    cli.process.stdout?.destroy()
    cli.process.kill('SIGHUP')
    expect(await cli.ended, cli.output()).toBe(0)
    await expect(access(join(own.data, 'tubewire.pid'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('Without --instance', () => {
  it('the demo shows an event and a verified delivery, and SIGTERM leaves nothing behind', async () => {
    const cli = start()
    await cli.line(/Admin key {2}\S{24,}/)
    await cli.line(/\+ video\.published/)
    await cli.line(/> delivered #1 to http/)
    await cli.line(/the demo receiver verified the signature/)
    const below = await descendants(cli.process.pid ?? 0)
    expect(below.length).toBeGreaterThan(0)
    const before = Date.now()
    cli.process.kill('SIGTERM')
    expect(await cli.ended, cli.output()).toBe(0)
    await allGone(below, 5_000)
    expect(Date.now() - before).toBeLessThan(5_000)
  })
})

describe('npm run demo -- --once', () => {
  const demo = (preload = '') => startCli(['--once'], { program: 'demo-once.ts', preload })

  it('delivers one video, says so, and exits with 0', async () => {
    const cli = demo()
    expect(await cli.ended, cli.output()).toBe(0)
    expect(cli.output()).toMatch(/The receiver verified the signature of evt_[0-9a-f]{32}/)
  })

  it('exits with 1 and the reason when nothing arrives in its minute', async () => {
    // No tick after the first, so that nothing is detected, and a minute that is over at once.
    const cli = demo(`
      const { setTimeout } = globalThis
      globalThis.setInterval = () => ({ unref() {} })
      globalThis.setTimeout = (work, ms, ...rest) => setTimeout(work, ms === 60000 ? 5000 : ms, ...rest)
    `)
    await cli.line(/Tubewire watches/)
    const below = await descendants(cli.process.pid ?? 0)
    expect(await cli.ended, cli.output()).toBe(1)
    expect(cli.output()).toContain('tubewire demo: nothing was delivered within 60 s')
    await allGone(below, 5_000)
  })

  it('exits with 2 when it is asked for anything else', async () => {
    const cli = startCli([], { program: 'demo-once.ts' })
    expect(await cli.ended, cli.output()).toBe(2)
    expect(cli.output()).toContain('usage: npm run demo -- --once')
  })
})
