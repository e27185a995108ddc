/**
 * @module `npm run administrator -- URL`: the first administrator's password on a deployment, as `npm start` gives it on this
 * machine. The admin key comes from the environment, where it is in no history of commands.
 */
import { ApiError, apiClient } from './api-client.ts'
import { firstPassword } from './first-password.ts'
import { Mistake } from './mistake.ts'
import { waitAloud } from './patient-fetch.ts'

const USAGE = 'usage: ADMIN_KEY=… npm run administrator -- https://tubewire.example'
const THIS_MACHINE = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** @throws Mistake for an address that the key must not be sent to. */
function parseAddress(args: readonly string[]): URL {
  const [address = ''] = args
  if (args.length !== 1 || !/^https?:\/\//.test(address) || !URL.canParse(address)) throw new Mistake(USAGE)
  const url = new URL(address)
  if (url.protocol === 'http:' && !THIS_MACHINE.test(url.hostname))
    throw new Mistake(`${url.origin}: the admin key would go there unencrypted; use https://`)
  return url
}

async function main(): Promise<void> {
  const url = parseAddress(process.argv.slice(2))
  const key = process.env['ADMIN_KEY'] ?? ''
  if (key === '')
    throw new Mistake('ADMIN_KEY is not set: it is the secret that `wrangler secret put` was given')
  // Beside what is printed for whoever reads it on: a pipe has the password alone.
  const wait = waitAloud((line) => process.stderr.write(`${line}\n`))
  const first = await firstPassword(apiClient(url, key, wait)).catch((error: unknown) => {
    // `fetch` says why in the cause only.
    if (error instanceof TypeError && error.cause instanceof Error)
      throw new Mistake(`${url.origin} could not be reached (${error.cause.message})`)
    throw error
  })
  process.stdout.write(
    first
      ? `User name  ${first.username}\nPassword   ${first.password}\n\nIt is shown this once.\n`
      : 'The first administrator has a password already.\n',
  )
}

main().catch((error: unknown) => {
  process.stderr.write(`tubewire: ${error instanceof Error ? error.message : error}\n`)
  const isRefused = error instanceof ApiError && error.status < 500
  process.exit(error instanceof Mistake || isRefused ? 2 : 1)
})
