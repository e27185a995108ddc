/** @module `npm start`: Tubewire on this machine, for as long as nobody stops it. */
import { resolve } from 'node:path'
import { VERSION } from '../version.ts'
import { ApiError } from './api-client.ts'
import { type Demo, forgetDemo, startDemo } from './demo.ts'
import { InUseError } from './guard.ts'
import { HELP, type Options, parseOptions, UsageError } from './options.ts'
import { describeLog } from './print.ts'
import { PortTakenError, type Service, startService } from './service.ts'
import { stopOnSignal } from './signals.ts'

const DEFAULT_EVERY = 60
const DEMO_EVERY = 5
/** Between two videos of the demo. */
const DEMO_PUBLISHES_EVERY_MS = 20_000

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
const printAt = (line: string) => print(`${new Date().toLocaleTimeString('en-GB')} ${line}`)

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) {
    print(HELP)
    return
  }

  const mayBeDemo = options.instances.length === 0
  let every = options.every ?? (mayBeDemo ? DEMO_EVERY : DEFAULT_EVERY)
  print(`Tubewire ${VERSION} is starting …`)
  const service = await startService({
    port: options.port,
    data: resolve(options.data),
    every,
    fresh: options.fresh,
    onLog({ level, message }) {
      const line = describeLog(level, message)
      if (line !== null) printAt(line)
    },
    onError: (error) => printAt(`! the cron failed: ${error instanceof Error ? error.message : error}`),
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
  await watch(service, options)
  const demo = isDemo ? await startDemo(service.api) : null
  if (demo) {
    closers.push(demo.close)
    print(`  Demo       an instance at ${demo.instanceUrl} that publishes a video now and then,`)
    print(`             and a receiver at ${demo.receiverUrl} that verifies every signature`)
  }
  print('')
  print(`Tubewire is ready. It looks for news every ${every} s; Ctrl-C stops it.`)
  service.startCron()
  if (demo) runDemo(demo)
}

/** Makes what the command line names, and says what there was before. */
async function watch({ api }: Service, options: Options): Promise<void> {
  // Webhooks first: an event is owed to those who had subscribed when it was seen, a backfill's too.
  for (const url of options.webhooks) {
    const known = (await api.endpoints()).find((endpoint) => endpoint.url === url.href)
    if (known) print(`  Webhook    ${known.url}   (as before, with its secret as before)`)
    else {
      const { secret } = await api.addEndpoint(url, 'From the command line')
      print(`  Webhook    ${url.href}`)
      print(`             its signing secret, shown this once: ${secret}`)
    }
  }
  for (const url of options.instances) {
    const known = (await api.instances()).find(({ host }) => host === url.host)
    const instance = known ?? (await api.addInstance(url, options.backfill))
    print(`  Watching   ${instance.url}   (${instance.name}, PeerTube ${instance.version})`)
  }
  const named = new Set(options.instances.map(({ host }) => host))
  for (const instance of await api.instances()) {
    if (!named.has(instance.host)) print(`  Watching   ${instance.url}   (from before)`)
    // Whoever starts a program wants to see what is new now, not when the last run would have looked.
    await api.pollNow(instance.id)
  }
  const webhooks = new Set(options.webhooks.map(({ href }) => href))
  for (const endpoint of await api.endpoints()) {
    if (!webhooks.has(endpoint.url)) print(`  Webhook    ${endpoint.url}   (from before)`)
  }
}

function runDemo(demo: Demo): void {
  let count = 0
  const publish = async () => {
    const { name } = demo.publish()
    printAt(`* the demo instance published "${name}"`)
    count += 1
    const { isVerified } = await demo.received(count, 60_000)
    printAt(
      isVerified ? '* the demo receiver verified the signature' : '! the demo receiver got a BAD signature',
    )
  }
  const fail = (error: unknown) => printAt(`! the demo: ${error instanceof Error ? error.message : error}`)
  demo
    .ready()
    .then(() => {
      setInterval(() => publish().catch(fail), DEMO_PUBLISHES_EVERY_MS)
      return publish()
    })
    .catch(fail)
}

main().catch((error: unknown) => {
  const isMistake =
    error instanceof UsageError || error instanceof PortTakenError || error instanceof InUseError
  const isRefused = error instanceof ApiError && error.status < 500
  const message = error instanceof Error ? error.message : String(error)
  const wayOut = error instanceof UsageError ? '; "npm start -- --help" says what there is' : ''
  process.stderr.write(`tubewire: ${message}${wayOut}\n`)
  // What was started in between ends with us: see guard.ts.
  process.exit(isMistake || isRefused ? 2 : 1)
})
