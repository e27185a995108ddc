/** @module `npm run tail`: prints events as they come. */
import { followDeps, runUntilEnded, serviceOf, takeAll } from './live.ts'
import { parseTailOptions, TAIL_HELP } from './live-options.ts'
import { titled } from './print.ts'

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

runUntilEnded(async () => {
  const options = parseTailOptions(process.argv.slice(2), process.env)
  if (!options) {
    print(TAIL_HELP)
    return
  }
  const service = await serviceOf(options)
  // Beside what a program reads on.
  const say = (line: string) => process.stderr.write(`${new Date().toLocaleTimeString('en-GB')} ${line}\n`)
  await takeAll(service, options, followDeps(say), (event) =>
    print(
      options.json
        ? JSON.stringify(event)
        : `${new Date(event.timestamp).toLocaleTimeString('en-GB')} + ${titled(event)}`,
    ),
  )
})
