/** @module `npm start`: Tubewire on this machine, for as long as nobody stops it. */
import { resolve } from 'node:path'
import type { WorkerdStructuredLog } from 'miniflare'
import { VERSION } from '../version.ts'
import { type ApiClient, ApiError } from './api-client.ts'
import { type Demo, forgetDemo, startDemo } from './demo.ts'
import { Mistake } from './mistake.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { describeLog } from './print.ts'
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
  for (const line of await watch(service, options)) print(line)
  const demo = isDemo ? await startDemo(service.api) : null
  if (demo) {
    closers.push(demo.close)
    print(`  Demo       an instance at ${demo.instanceUrl} that publishes a video now and then,`)
    print(`             and a receiver at ${demo.receiverUrl} that verifies every signature`)
  }
  await service.ready()
  print('')
  print(`Tubewire is ready. It looks for news every ${every} s; Ctrl-C stops it.`)
  log.begin(new Map((await service.api.endpoints()).map(({ id, url }) => [id, url])))
  service.startCron()
  if (demo) runDemo(demo, log.say)
}

/**
 * Makes what the command line names: all of it, or, when something is refused, nothing.
 * @returns lines that say what is watched and where it is posted.
 */
async function watch({ api }: Service, options: Options): Promise<string[]> {
  const undo: (() => Promise<unknown>)[] = []
  try {
    return [...(await addWebhooks(api, options, undo)), ...(await addInstances(api, options, undo))]
  } catch (error) {
    for (const step of undo) await step()
    throw error
  }
}

/** Webhooks come first: an event is owed to those who had subscribed when it was seen, a backfill's too. */
async function addWebhooks(
  api: ApiClient,
  { webhooks }: Options,
  undo: (() => Promise<unknown>)[],
): Promise<string[]> {
  const before = await api.endpoints()
  const named = new Set(webhooks.map(({ href }) => href))
  const lines = before
    .filter(({ url }) => !named.has(url))
    .map(({ url }) => `  Webhook    ${url}   (from before)`)
  for (const url of webhooks) {
    if (before.some((endpoint) => endpoint.url === url.href)) {
      lines.push(`  Webhook    ${url.href}   (as before, with its secret as before)`)
      continue
    }
    const { id, secret } = await api.addEndpoint(url, 'From the command line')
    undo.push(() => api.removeEndpoint(id))
    lines.push(`  Webhook    ${url.href}`, `             its signing secret, shown this once: ${secret}`)
  }
  return lines
}

async function addInstances(
  api: ApiClient,
  { instances, backfill }: Options,
  undo: (() => Promise<unknown>)[],
): Promise<string[]> {
  const before = await api.instances()
  const named = new Set(instances.map(({ host }) => host))
  const lines = before
    .filter(({ host }) => !named.has(host))
    .map(({ url }) => `  Watching   ${url}   (from before)`)
  for (const url of instances) {
    const known = before.find(({ host }) => host === url.host)
    if (known) {
      const noEffect = backfill > 0 ? ': --backfill is for new ones' : ''
      lines.push(`  Watching   ${known.url}   (as before${noEffect})`)
      continue
    }
    print(`  Asking     ${url.origin} what it is …`)
    const { id, url: origin, name, version } = await api.addInstance(url, backfill)
    undo.push(() => api.removeInstance(id))
    lines.push(`  Watching   ${origin}   (${name}, PeerTube ${version})`)
  }
  // Whoever starts a program wants to see what is new now, not when the last run would have looked.
  for (const { id } of before) await api.pollNow(id)
  return lines
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
