/** @module `npm start`: Tubewire on this machine, for as long as nobody stops it. */
import { resolve } from 'node:path'
import type { WorkerdStructuredLog } from 'miniflare'
import { VERSION } from '../version.ts'
import { type ApiClient, ApiError } from './api-client.ts'
import { connectAccount } from './connect.ts'
import { type Demo, forgetDemo, startDemo } from './demo.ts'
import { firstPassword } from './first-password.ts'
import { Mistake } from './mistake.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { waitAloud } from './patient-fetch.ts'
import { describeLog } from './print.ts'
import { type Secrets, takeSecrets } from './secrets.ts'
import { startService } from './service.ts'
import { hasBegunToStop, stopOnSignal } from './signals.ts'

const DEFAULT_EVERY = 60
const DEMO_EVERY = 5
/** Between two videos of the demo. */
const DEMO_PUBLISHES_EVERY_MS = 20_000

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) {
    print(HELP)
    return
  }

  const secrets = takeSecrets(process.env)
  const mayBeDemo = options.instances.length === 0
  let every = options.every ?? (mayBeDemo ? DEMO_EVERY : DEFAULT_EVERY)
  print(`Tubewire ${VERSION} is starting …`)
  const log = eventLog()
  const service = await startService({
    port: options.port,
    data: resolve(options.data),
    every,
    fresh: options.fresh,
    onLog: log.take,
    onError: (error) => log.say(`! the cron failed: ${describe(error)}`),
    wait: waitAloud((line) => print(`  … ${line}`)),
  })
  const closers = [() => service.stop()]
  stopOnSignal(async () => {
    await Promise.all(closers.map((close) => close()))
  })

  await forgetDemo(service.api)
  const isDemo = mayBeDemo && (await service.api.instances()).length === 0
  if (mayBeDemo && !isDemo && options.every === null) {
    // What was watched before are other people's servers: they are not asked as often as the demo.
    every = DEFAULT_EVERY
    await service.setEvery(every)
  }
  print('')
  print(`  API        ${new URL('/api/v1', service.url).href}`)
  print(`  Admin key  ${service.adminKey}   (kept in .dev.vars)`)
  print(`  Data       ${options.data}`)
  await watch(service.api, options)
  await connect(service.api, options, secrets)
  const demo = isDemo ? await startDemo(service.api) : null
  if (demo) {
    closers.push(demo.close)
    print(`  Demo       an instance at ${demo.instanceUrl} that publishes a video now and then,`)
    print(`             and a receiver at ${demo.receiverUrl} that verifies every signature`)
  }
  await service.ready()
  // Last of all: a start that fails must not have used up what is shown only once.
  const first = await firstPassword(service.api)
  if (first) print(`  Log in     as ${first.username} with ${first.password}   (shown this once)`)
  print('')
  print(`Tubewire is ready. It looks for news every ${every} s; Ctrl-C stops it.`)
  log.begin(new Map((await service.api.endpoints()).map(({ id, url }) => [id, url])))
  service.startCron()
  if (demo) runDemo(demo, log.say)
}

/** Makes what the command line names, and says what there was before. An instance that is refused stops it before that. */
async function watch(api: ApiClient, { instances, webhooks, backfill }: Options): Promise<void> {
  const before = await api.instances()
  const isKnown = (url: URL) => before.some(({ host }) => host === url.host)
  for (const url of instances.filter((one) => !isKnown(one))) {
    print(`  Asking     ${url.origin} what it is …`)
    await api.checkInstance(url)
  }
  // Webhooks first: an event is owed to those who had subscribed when it was seen, a backfill's too.
  await addWebhooks(api, webhooks)
  const named = new Set(instances.map(({ host }) => host))
  for (const url of instances) {
    if (isKnown(url)) {
      print(`  Watching   ${url.origin}   (as before${backfill > 0 ? ': --backfill is for new ones' : ''})`)
      continue
    }
    const { name, version } = await api.addInstance(url, backfill)
    print(`  Watching   ${url.origin}   (${name}, PeerTube ${version})`)
  }
  for (const { id, host, url, paused } of before) {
    if (!named.has(host)) print(`  Watching   ${url}   (from before${paused ? ', paused' : ''})`)
    // Whoever starts a program wants to see what is new now, not when the last run would have looked.
    if (!paused) await api.pollNow(id)
  }
}

/** Connects the account that the command line names. One that is refused stops the start. */
async function connect(api: ApiClient, { instances, login }: Options, secrets: Secrets): Promise<void> {
  const [url] = instances
  if (login === null || !url) return
  const outcome = await connectAccount(api, url, login, secrets)
  print(`  Account    ${login} at ${url.origin}   (${outcome})`)
}

async function addWebhooks(api: ApiClient, webhooks: readonly URL[]): Promise<void> {
  const before = await api.endpoints()
  const named = new Set(webhooks.map(({ href }) => href))
  for (const { url } of before.filter((one) => !named.has(one.url)))
    print(`  Webhook    ${url}   (from before)`)
  for (const { href } of webhooks) {
    if (before.some(({ url }) => url === href)) {
      print(`  Webhook    ${href}   (as before, with its secret as before)`)
      continue
    }
    const { secret } = await api.addEndpoint(new URL(href), 'From the command line')
    print(`  Webhook    ${href}`)
    print(`             its signing secret, shown this once: ${secret}`)
  }
}

/** The Worker's log as people read it. What comes before the start is complete is shown after it. */
function eventLog() {
  let held: WorkerdStructuredLog[] | null = []
  let urls: ReadonlyMap<string, string> = new Map()
  const say = (line: string) => print(`${new Date().toLocaleTimeString('en-GB')} ${line}`)
  const show = ({ level, message }: WorkerdStructuredLog) => {
    const line = describeLog(level, message, urls)
    if (line !== null) say(line)
  }
  return {
    say,
    take(line: WorkerdStructuredLog) {
      if (held) held.push(line)
      else show(line)
    },
    /** @param endpoints their URLs by id: on this machine, unlike in the log, a URL may be shown whole. */
    begin(endpoints: ReadonlyMap<string, string>) {
      urls = endpoints
      for (const line of held ?? []) show(line)
      held = null
    },
  }
}

function runDemo(demo: Demo, say: (line: string) => void): void {
  let count = 0
  const publish = async () => {
    const { name } = demo.publish()
    say(`* the demo instance published "${name}"`)
    count += 1
    const { isVerified } = await demo.received(count, 60_000)
    say(isVerified ? '* the demo receiver verified the signature' : '! the demo receiver got a BAD signature')
  }
  const fail = (error: unknown) => say(`! the demo: ${describe(error)}`)
  demo
    .ready()
    .then(() => {
      setInterval(() => publish().catch(fail), DEMO_PUBLISHES_EVERY_MS)
      return publish()
    })
    .catch(fail)
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

main().catch((error: unknown) => {
  // Whoever asked for a stop needs no error, and gets his exit code from there: see signals.ts.
  if (hasBegunToStop()) return
  process.stderr.write(`tubewire: ${describe(error)}\n`)
  const isRefused = error instanceof ApiError && error.status < 500
  // What was started in between ends with us: see guard.ts.
  process.exit(error instanceof Mistake || isRefused ? 2 : 1)
})
