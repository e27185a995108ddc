/** @module `npm run listen`: forwards events to a program on this machine, signed as the real webhook would be. */
import { newSecret } from '../webhooks/signature.ts'
import { forwarder } from './forward.ts'
import { followDeps, runUntilEnded, serviceOf, takeAll } from './live.ts'
import { LISTEN_HELP, parseListenOptions } from './live-options.ts'

/** As long as a real webhook may take, and a moment more: somebody may stand at a breakpoint. */
const TIMEOUT_MS = 60_000

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
const say = (line: string) => print(`${new Date().toLocaleTimeString('en-GB')} ${line}`)

runUntilEnded(async () => {
  const options = parseListenOptions(process.argv.slice(2), process.env)
  if (!options) {
    print(LISTEN_HELP)
    return
  }
  const service = await serviceOf(options)
  const secret = options.secret ?? newSecret()
  print(`Forwarding the events of ${service.url.origin} to ${options.to.href}`)
  if (options.secret === null) print(`They are signed with ${secret}   (shown this once; --secret keeps it)`)
  const deps = followDeps(say)
  const forward = forwarder({ to: options.to, secret, base: service.url }, { ...deps, timeoutMs: TIMEOUT_MS })
  await takeAll(service, options, deps, forward)
})
