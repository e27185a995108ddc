/** @module `npm start`: Tubewire on this machine, for as long as nobody stops it. */
import { resolve } from 'node:path'
import type { WorkerdStructuredLog } from 'miniflare'
import { VERSION } from '../version.ts'
import { type ApiClient, ApiError } from './api-client.ts'
import { connectAccount } from './connect.ts'
import { type Demo, forgetDemo, startDemo } from './demo.ts'
import { firstPassword } from './first-password.ts'
import { Mistake } from './mistake.ts'
import { HELP, type NamedInstance, type Options, parseOptions } from './options.ts'
import { waitAloud } from './patient-fetch.ts'
import { describeLog } from './print.ts'
import { type Secrets, takeSecrets } from './secrets.ts'
import { type Service, startService } from './service.ts'
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
  const watched = await watch(service.api, options)
  await connect(service.api, options, watched, secrets)
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
  // After the password, for a new one voids the links before it.
  print(`  Dashboard  ${await dashboard(service)}`)
  print('')
  print(`Tubewire is ready. It looks for news every ${every} s; Ctrl-C stops it.`)
  log.begin(new Map((await service.api.endpoints()).map(({ id, url }) => [id, url])))
  service.startCron()
  if (demo) runDemo(demo, log.say)
}

/**
 * Makes what the command line names, and says what there was before. An instance that is refused stops it before that.
 * @returns where the named instances are.
 */
async function watch(api: ApiClient, { instances, webhooks, backfill }: Options): Promise<URL[]> {
  const before = await api.instances()
  const known = new Map(instances.map((one) => [one, before.find((watched) => shows(watched, one))]))
  for (const one of instances.filter((each) => !known.get(each))) {
    print(`  Asking     ${one.url.origin} what it is …`)
    await api.checkInstance(one.text)
  }
  // Webhooks first: an event is owed to those who had subscribed when it was seen, a backfill's too.
  await addWebhooks(api, webhooks)
  const named = new Map<string, URL>()
  for (const one of instances) {
    const watched = known.get(one)
    const { id, url, name, version } = watched ?? (await api.addInstance(one.text, backfill))
    named.set(id, new URL(url))
    const asBefore = `as before${backfill > 0 ? ': --backfill is for new ones' : ''}`
    print(`  Watching   ${url}   (${wordsOf(one)}${watched ? asBefore : `${name}, PeerTube ${version}`})`)
  }
  for (const { id, url, paused } of before) {
    if (!named.has(id)) print(`  Watching   ${url}   (from before${paused ? ', paused' : ''})`)
    // Whoever starts a program wants to see what is new now, not when the last run would have looked.
    if (!paused) await api.pollNow(id)
  }
  return [...named.values()]
}

/** Where the dashboard is, with a link that signs in whoever started this. */
async function dashboard({ api, url }: Service): Promise<string> {
  try {
    return `${(await api.addSignInLink()).href}   (signs you in, once, within an hour)`
  } catch (error) {
    if (error instanceof ApiError && error.code === 'owner_shut_out')
      return `${url.origin}/   (log in there: root is blocked, so there is no link that signs you in)`
    throw error
  }
}

type Watched = Awaited<ReturnType<ApiClient['instances']>>[number]

/** Whether an instance that is watched is the one that is named, and what is named on it is watched. */
function shows({ host, url, sources = [] }: Watched, { url: named, named: what }: NamedInstance): boolean {
  if (named.host !== host && named.origin !== url) return false
  return sources.some(({ kind, target }) => {
    if (kind !== 'videos') return false
    if (Object.keys(target).length === 0) return true
    const isNamed = (watched: string | undefined) =>
      'name' in what && what.name.toLowerCase() === watched?.toLowerCase()
    return (
      (what.kind !== 'account' && isNamed(target.channel)) ||
      (what.kind !== 'channel' && isNamed(target.account))
    )
  })
}

/** What of an instance was named, when it is not the whole. */
function wordsOf({ named }: NamedInstance): string {
  return 'name' in named ? `${named.kind === 'actor' ? '' : `${named.kind} `}${named.name}; ` : ''
}

/** Connects the account that the command line names. One that is refused stops the start. */
async function connect(
  api: ApiClient,
  { login }: Options,
  [url]: readonly URL[],
  secrets: Secrets,
): Promise<void> {
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
    const known = before.filter(({ url }) => url === href)
    if (known.length > 0) {
      // Whoever names it here says that it wants this, as of a new one.
      for (const { id, verifiedAt } of known) if (verifiedAt === null) await api.confirmEndpoint(id)
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
