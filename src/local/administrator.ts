/**
 * @module `npm run administrator -- URL`: the first administrator's password on a deployment, as `npm start` gives it on this
 * machine. The admin key comes from the environment, where it is in no history of commands.
 */
import { apiClient } from './api-client.ts'
import { firstPassword } from './first-password.ts'
import { Mistake } from './mistake.ts'

async function main(): Promise<void> {
  const [address = ''] = process.argv.slice(2)
  const key = process.env['ADMIN_KEY'] ?? ''
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    throw new Mistake('usage: ADMIN_KEY=… npm run administrator -- https://tubewire.example')
  if (key === '')
    throw new Mistake('ADMIN_KEY is not set: it is the secret that `wrangler secret put` was given')
  const first = await firstPassword(apiClient(new URL(address), key))
  process.stdout.write(
    first
      ? `User name  ${first.username}\nPassword   ${first.password}\n\nIt is shown this once.\n`
      : 'The first administrator has a password already.\n',
  )
}

main().catch((error: unknown) => {
  process.stderr.write(`tubewire: ${error instanceof Error ? error.message : error}\n`)
  process.exit(error instanceof Mistake ? 2 : 1)
})
