/** @module `npm start` as a newcomer meets it: real processes, real ports, kill -9. */
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SimulatedInstance, startInstance } from '../simulator/instance.ts'
import { type Receiver, startReceiver } from '../simulator/receiver.ts'
import { allGone, type Cli, descendants, freePort, startCli } from '../support/cli.ts'

let data: string
let port: number
const started: Cli[] = []
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'tubewire-test-'))
  port = await freePort()
})
afterEach(async () => {
  for (const cli of started.splice(0)) {
    const below = cli.process.pid ? await descendants(cli.process.pid) : []
    cli.process.kill('SIGTERM')
    await cli.ended
    await allGone(below, 5_000)
  }
  await rm(data, { recursive: true })
})

function start(...args: string[]): Cli {
  const cli = startCli(['--port', String(port), '--data', data, ...args])
  started.push(cli)
  return cli
}

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
    expect(await cli.ended).toBe(2)
    expect(cli.output()).toContain(message)
    expect(cli.output()).not.toContain('    at ')
  })

  it('a taken port', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const cli = start()
    expect(await cli.ended).toBe(2)
    expect(cli.output()).toContain(`port ${port} is taken`)
    await new Promise((resolve) => server.close(resolve))
  })

  it('a data folder that another Tubewire uses', async () => {
    const first = start()
    await first.line(/Tubewire is ready/)
    port = await freePort()
    const second = start()
    expect(await second.ended).toBe(2)
    expect(second.output()).toContain(`another Tubewire (process ${first.process.pid}) uses ${data}`)
  })

  it.each([
    [[], 'it is a file, not a folder'],
    [['below'], 'there is a file where a folder should be'],
  ])('a data folder that is a file, or in one: %j', async (below, reason) => {
    const file = join(data, 'file')
    await writeFile(file, '')
    const cli = startCli(['--port', String(port), '--data', join(file, ...below)])
    expect(await cli.ended).toBe(2)
    expect(cli.output()).toContain(`can't be used: ${reason}`)
  })

  it('and --help is none', async () => {
    const cli = startCli(['--help'])
    expect(await cli.ended).toBe(0)
    expect(cli.output()).toContain('--every SECONDS')
  })
})

/** Logs in over the API. @returns the status of the answer. */
async function logIn(username = '', password = ''): Promise<number> {
  const client = { client_id: 'tubewire', client_secret: 'public', grant_type: 'password' }
  const { status } = await fetch(`http://127.0.0.1:${port}/api/v1/users/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...client, username, password }),
  })
  return status
}

describe('The first start', () => {
  const LOG_IN = /Log in {5}as (\S+) with (\S+) {3}\(shown this once\)/

  it('shows the password of the first administrator, as its last line before it is ready; later ones do not', async () => {
    const first = start()
    const [, username, password] = await first.line(LOG_IN)
    expect(username).toBe('root')
    await first.line(/shown this once\)\n\nTubewire is ready/)
    expect(await logIn(username, password)).toBe(200)
    first.process.kill('SIGINT')
    expect(await first.ended).toBe(0)
    const second = start()
    await second.line(/Tubewire is ready/)
    expect(second.output()).not.toContain('Log in')
    expect(await logIn(username, password)).toBe(200)
  })

  it('that is refused has not used it up', async () => {
    const refused = start('--instance', 'http://127.0.0.1:1')
    expect(await refused.ended).toBe(2)
    expect(refused.output()).not.toContain('Log in')
    const next = start()
    const [, username, password] = await next.line(LOG_IN)
    expect(await logIn(username, password)).toBe(200)
  })
})

describe('A stop', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s says when it begins, and when it is done',
    async (signal) => {
      const cli = start()
      await cli.line(/Tubewire is ready/)
      cli.process.kill(signal)
      expect(await cli.ended).toBe(0)
      expect(cli.output()).toMatch(/\nStopping …\n(.*\n)*Stopped\.\n$/)
    },
  )

  it('is whole also when nobody reads any more what it says', async () => {
    const cli = start()
    await cli.line(/Tubewire is ready/)
    cli.process.stdout?.destroy()
    cli.process.kill('SIGHUP')
    expect(await cli.ended).toBe(0)
    await expect(access(join(data, 'tubewire.pid'))).rejects.toMatchObject({ code: 'ENOENT' })
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
    expect(await cli.ended).toBe(0)
    await allGone(below, 5_000)
    expect(Date.now() - before).toBeLessThan(5_000)
  })
})

describe('npm run demo -- --once', () => {
  const demo = (preload = '') => startCli(['--once'], { program: 'demo-once.ts', preload })

  it('delivers one video, says so, and exits with 0', async () => {
    const cli = demo()
    expect(await cli.ended).toBe(0)
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
    expect(await cli.ended).toBe(1)
    expect(cli.output()).toContain('tubewire demo: nothing was delivered within 60 s')
    await allGone(below, 5_000)
  })

  it('exits with 2 when it is asked for anything else', async () => {
    const cli = startCli([], { program: 'demo-once.ts' })
    expect(await cli.ended).toBe(2)
    expect(cli.output()).toContain('usage: npm run demo -- --once')
  })
})

describe('With --instance and --webhook', () => {
  let instance: SimulatedInstance
  let receiver: Receiver
  beforeEach(async () => {
    instance = await startInstance({ videos: 20, limits: { api: 1_000 } })
    receiver = await startReceiver()
  })
  afterEach(async () => {
    await Promise.all([instance.close(), receiver.close()])
  })

  const watch = (...more: string[]) =>
    start('--instance', instance.origin, '--webhook', receiver.url, '--every', '1', ...more)

  it('the newest videos that --backfill names are delivered, and each new one', async () => {
    const cli = watch('--backfill', '2')
    receiver.setSecret((await cli.line(/shown this once: (whsec_\S+)/))[1] ?? '')
    await receiver.waitFor(2, 20_000)
    const { uuid } = instance.publish()
    const requests = await receiver.waitFor(3, 20_000)
    expect(requests.map(({ verified }) => verified)).toEqual([true, true, true])
    expect(requests.at(-1)?.body).toContain(uuid)
  })

  it('kill -9 in the midst of it loses nothing, and what was told before is remembered', async () => {
    const first = watch()
    await first.line(/Tubewire is ready/)
    await settled(instance)
    const published: string[] = []
    const KILLS = 3
    let cli = first
    for (let kill = 0; kill < KILLS; kill += 1) {
      // Twenty are answered and the others are not: what was sent and stored is not acknowledged when the kill comes.
      receiver.answer({ times: 20 }, { kind: 'hang' })
      const before = receiver.count()
      published.push(...instance.publishMany(60).map(({ uuid }) => uuid))
      const below = await descendants(cli.process.pid ?? 0)
      await receiver.waitFor(before + 21, 20_000)
      cli.process.kill('SIGKILL')
      await cli.ended
      // Without this the workerd of the killed run would hold the port and the database.
      await allGone(below, 5_000)
      published.push(instance.publish().uuid)
      receiver.answer({ status: 200 })
      cli = start('--every', '1')
      expect((await cli.line(/Watching .*\(from before\)/))[0]).toContain(instance.origin)
      await cli.line(/Tubewire is ready/)
    }
    const wanted = new Set(published)
    for (let count = wanted.size; ; count += 1) {
      const requests = await receiver.waitFor(count, 40_000)
      const seen = new Set(requests.map(({ body }) => JSON.parse(body).data.video.uuid))
      if ([...wanted].every((uuid) => seen.has(uuid))) break
    }
    const sends = new Map<string, string[]>()
    for (const { body, headers } of receiver.requests()) {
      const { uuid } = JSON.parse(body).data.video
      sends.set(uuid, [...(sends.get(uuid) ?? []), headers['webhook-id'] ?? ''])
    }
    // None invented, and one event a video however often it was sent.
    expect([...sends.keys()].sort()).toEqual([...wanted].sort())
    expect([...sends.values()].every((ids) => new Set(ids).size === 1)).toBe(true)
    // The kills met sends that nobody had recorded, and each of these came once more for each kill at the most.
    expect(receiver.count()).toBeGreaterThan(wanted.size)
    expect(Math.max(...Array.from(sends.values(), (ids) => ids.length))).toBeLessThanOrEqual(1 + KILLS)
  })

  it('a later start without options asks them as seldom as the first, not as often as the demo', async () => {
    const first = start('--instance', instance.origin)
    await first.line(/Tubewire is ready\. It looks for news every 60 s/)
    first.process.kill('SIGINT')
    expect(await first.ended).toBe(0)
    const second = start()
    await second.line(/Watching .*\(from before\)/)
    await second.line(/Tubewire is ready\. It looks for news every 60 s/)
    expect(second.output()).not.toContain('Demo')
    const below = await descendants(second.process.pid ?? 0)
    second.process.kill('SIGKILL')
    await second.ended
    await allGone(below, 5_000)
  })

  it('a later start leaves alone what was paused meanwhile', async () => {
    const first = start('--instance', instance.origin)
    const [, key] = await first.line(/Admin key {2}(\S+)/)
    await first.line(/Tubewire is ready/)
    const api = `http://127.0.0.1:${port}/api/v1/instances`
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const { data: watched } = (await (await fetch(api, { headers })).json()) as { data: { id: string }[] }
    const body = JSON.stringify({ paused: true })
    const paused = await fetch(`${api}/${watched[0]?.id}`, { method: 'PATCH', headers, body })
    expect(paused.status).toBe(200)
    first.process.kill('SIGINT')
    expect(await first.ended).toBe(0)
    const second = start()
    await second.line(/Watching .*\(from before, paused\)/)
    await second.line(/Tubewire is ready/)
  })

  it('more instances than the API takes requests for at once are all watched, after a wait', async () => {
    const more = await Promise.all(Array.from({ length: 26 }, () => startInstance({ videos: 1 })))
    const cli = start(...more.flatMap(({ origin }) => ['--instance', origin]))
    await cli.line(/Tubewire is ready/)
    for (const { origin } of more) expect(cli.output()).toContain(`Watching   ${origin}`)
    expect(cli.output()).toMatch(/… waiting \d+ s: the API takes only/)
    await Promise.all(more.map((one) => one.close()))
  })

  it('--fresh forgets what was told before, but not when the start fails', async () => {
    const first = watch()
    await first.line(/Tubewire is ready/)
    first.process.kill('SIGINT')
    expect(await first.ended).toBe(0)
    const failed = start('--fresh', '--instance', 'http://127.0.0.1:1')
    expect(await failed.ended).toBe(2)
    const second = watch()
    await second.line(/with its secret as before/)
    await second.line(/Tubewire is ready/)
    second.process.kill('SIGINT')
    expect(await second.ended).toBe(0)
    const third = watch('--fresh')
    await third.line(/shown this once: whsec_/)
    await third.line(/Tubewire is ready/)
  })

  it('a start that is refused leaves nothing of what it was told', async () => {
    const refused = watch('--instance', 'http://127.0.0.1:1')
    expect(await refused.ended).toBe(2)
    expect(refused.output()).not.toContain('whsec_')
    const next = start()
    await next.line(/Tubewire is ready/)
    expect(next.output()).toMatch(/Demo/)
    expect(next.output()).not.toContain(receiver.url)
    expect(next.output()).not.toContain(instance.origin)
  })

  it('Ctrl-C while an instance is asked is no failure', async () => {
    instance.fail({ kind: 'timeout' })
    const cli = watch()
    await cli.line(/Asking .* what it is/)
    cli.process.kill('SIGINT')
    expect(await cli.ended).toBe(0)
    expect(cli.output()).not.toContain('tubewire:')
    instance.heal()
  })

  it('says when it will ask an instance again that failed', async () => {
    const cli = watch()
    await cli.line(/Tubewire is ready/)
    await settled(instance)
    instance.fail({ kind: '500', times: 1 })
    await cli.line(/! \S+: answered 500; next in \d+ s/)
  })
})

/** Settles when the instance has been read for the first time: the list, and once more with an ETag. */
async function settled(instance: SimulatedInstance): Promise<void> {
  while (!instance.requests().some(({ status }) => status === 304)) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('With --login', () => {
  let instance: SimulatedInstance
  beforeEach(async () => {
    instance = await startInstance({ videos: 0 })
  })
  afterEach(() => instance.close())

  function startWith(env: Record<string, string | undefined>): Cli {
    const args = ['--port', String(port), '--data', data, '--instance', instance.origin, '--login', 'alice']
    const cli = startCli(args, { env: { TUBEWIRE_PASSWORD: undefined, TUBEWIRE_OTP: undefined, ...env } })
    started.push(cli)
    return cli
  }

  /** How many logins have reached the instance. */
  const logins = () =>
    instance.requests().filter(({ method, path }) => method === 'POST' && path === '/api/v1/users/token')
      .length

  it('the account is connected, once; what is connected needs no password', async () => {
    instance.setAccount('alice', { otp: '123456' })
    const first = startWith({ TUBEWIRE_PASSWORD: 'alicepass', TUBEWIRE_OTP: '123456' })
    await first.line(/Account {4}alice at \S+ {3}\(connected: its notifications are read\)/)
    await first.line(/Tubewire is ready/)
    first.process.kill('SIGINT')
    expect(await first.ended).toBe(0)
    const second = startWith({})
    await second.line(/Account {4}alice at \S+ {3}\(as before\)/)
    await second.line(/Tubewire is ready/)
    expect(logins()).toBe(1)
    expect(first.output()).not.toContain('alicepass')
  })

  it.each([
    [{}, 'there is no terminal to ask for it; set TUBEWIRE_PASSWORD'],
    [{ TUBEWIRE_PASSWORD: 'wrong' }, 'knows no such user, or the password is wrong'],
  ])('a login that can not be made stops the start: %j', async (env, message) => {
    const cli = startWith(env)
    expect(await cli.ended).toBe(2)
    expect(cli.output()).toContain(message)
    expect(cli.output()).not.toContain('    at ')
  })
})
