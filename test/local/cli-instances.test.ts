/** @module `npm start` with instances, webhooks and accounts named: real processes, real ports, kill -9. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type SimulatedInstance, startInstance } from '../simulator/instance.ts'
import { type Receiver, startReceiver } from '../simulator/receiver.ts'
import { allGone, descendants } from '../support/cli.ts'
import { useCli } from '../support/use-cli.ts'

const UUID = '4ea63ca6-9e2c-4f4a-9f3b-9d1f6a5d3f11'

const own = useCli()
const start = (...args: string[]) => own.start(args)

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

  it('an endpoint that waits for the word of its target has that of the operator from then on', async () => {
    const first = start('--instance', instance.origin, '--every', '1')
    const key = (await first.line(/Admin key {2}(\S+)/))[1]
    await first.line(/Tubewire is ready/)
    receiver.answer({ status: 500 })
    const made = await fetch(`http://127.0.0.1:${own.port}/api/v1/endpoints`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: receiver.url }),
    })
    expect(await made.json()).toMatchObject({ state: 'pending' })
    await receiver.waitFor(1, 20_000)
    first.process.kill('SIGINT')
    expect(await first.ended, first.output()).toBe(0)
    receiver.answer({ status: 200 })
    const second = watch()
    await second.line(/Webhook .*\(as before, with its secret as before\)/)
    await second.line(/Tubewire is ready/)
    const { uuid } = instance.publish()
    const requests = await receiver.waitFor(2, 20_000)
    expect(requests.at(-1)?.body).toContain(uuid)
  })

  it('a later start without options asks them as seldom as the first, not as often as the demo', async () => {
    const first = start('--instance', instance.origin)
    await first.line(/Tubewire is ready\. It looks for news every 60 s/)
    first.process.kill('SIGINT')
    expect(await first.ended, first.output()).toBe(0)
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
    const api = `http://127.0.0.1:${own.port}/api/v1/instances`
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const { data: watched } = (await (await fetch(api, { headers })).json()) as { data: { id: string }[] }
    const body = JSON.stringify({ paused: true })
    const paused = await fetch(`${api}/${watched[0]?.id}`, { method: 'PATCH', headers, body })
    expect(paused.status).toBe(200)
    first.process.kill('SIGINT')
    expect(await first.ended, first.output()).toBe(0)
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
    expect(await first.ended, first.output()).toBe(0)
    const failed = start('--fresh', '--instance', 'http://127.0.0.1:1')
    expect(await failed.ended, failed.output()).toBe(2)
    const second = watch()
    await second.line(/with its secret as before/)
    await second.line(/Tubewire is ready/)
    second.process.kill('SIGINT')
    expect(await second.ended, second.output()).toBe(0)
    const third = watch('--fresh')
    await third.line(/shown this once: whsec_/)
    await third.line(/Tubewire is ready/)
  })

  it('a start that is refused leaves nothing of what it was told', async () => {
    const refused = watch('--instance', 'http://127.0.0.1:1')
    expect(await refused.ended, refused.output()).toBe(2)
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
    expect(await cli.ended, cli.output()).toBe(0)
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

  const startWith = (env: Record<string, string | undefined>, ...more: string[]) =>
    own.start(['--instance', instance.origin, '--login', 'alice', ...more], {
      TUBEWIRE_PASSWORD: undefined,
      TUBEWIRE_OTP: undefined,
      ...env,
    })

  /** How many logins have reached the instance. */
  const logins = () =>
    instance.requests().filter(({ method, path }) => method === 'POST' && path === '/api/v1/users/token')
      .length

  it('the notifications of the account are delivered', async () => {
    const receiver = await startReceiver()
    onTestFinished(() => receiver.close())
    const cli = startWith({ TUBEWIRE_PASSWORD: 'alicepass' }, '--webhook', receiver.url, '--every', '1')
    receiver.setSecret((await cli.line(/shown this once: (whsec_\S+)/))[1] ?? '')
    // What is there at the first look is no news.
    const isNotifications = ({ path }: { path: string }) => path.startsWith('/api/v1/users/me/notifications')
    await vi.waitFor(() => expect(instance.requests().some(isNotifications)).toBe(true), 20_000)
    const { id } = instance.notify('alice', { type: 1, video: { id: 7, uuid: UUID, name: 'First light' } })
    const [delivered] = await receiver.waitFor(1, 20_000)
    expect(delivered?.verified).toBe(true)
    expect(JSON.parse(delivered?.body ?? '')).toMatchObject({
      type: 'notification.created',
      data: { notification: { id, kind: 'newVideoFromSubscription', read: false } },
    })
    await cli.line(/> delivered #1 to http/)
  })

  it('the account is connected, once; what is connected needs no password', async () => {
    instance.setAccount('alice', { otp: '123456' })
    const first = startWith({ TUBEWIRE_PASSWORD: 'alicepass', TUBEWIRE_OTP: '123456' })
    await first.line(/Account {4}alice at \S+ {3}\(connected: its notifications are read\)/)
    await first.line(/Tubewire is ready/)
    first.process.kill('SIGINT')
    expect(await first.ended, first.output()).toBe(0)
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
    expect(await cli.ended, cli.output()).toBe(2)
    expect(cli.output()).toContain(message)
    expect(cli.output()).not.toContain('    at ')
  })
})
