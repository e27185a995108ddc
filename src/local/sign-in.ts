/** @module `npm run sign-in`: prints a link that signs in, once, for whoever has the key of a Tubewire and a browser. */
import { ApiError, apiClient } from './api-client.ts'
import { describe } from './ask-service.ts'
import { runUntilEnded, serviceOf } from './live.ts'
import { Mistake } from './mistake.ts'
import { waitAloud } from './patient-fetch.ts'
import type { ServiceKey } from './service-here.ts'
import { parseSignInOptions, SIGN_IN_HELP } from './sign-in-options.ts'

runUntilEnded(async () => {
  const options = parseSignInOptions(process.argv.slice(2), process.env)
  if (!options) {
    process.stdout.write(`${SIGN_IN_HELP}\n`)
    return
  }
  const link = await linkOf(await serviceOf(options))
  // The link alone for whoever reads it on: `xdg-open "$(npm run --silent sign-in)"`.
  process.stderr.write('Open this; it signs you in, once, within an hour:\n')
  process.stdout.write(`${link.href}\n`)
})

/** @throws Mistake when the service can't be reached, or refuses. */
async function linkOf({ url, key }: ServiceKey): Promise<URL> {
  const wait = waitAloud((line) => process.stderr.write(`${line}\n`))
  try {
    return await apiClient(url, key, wait).addSignInLink()
  } catch (error) {
    // What `fetch` throws.
    if (error instanceof TypeError)
      throw new Mistake(`${url.origin} could not be reached (${describe(error)}): is it running?`)
    if (!(error instanceof ApiError) || error.status >= 500) throw error
    if (error.code === 'operator_required')
      throw new Mistake('this key signs nobody in: TUBEWIRE_KEY or --key must be the ADMIN_KEY')
    throw new Mistake(error.status === 401 ? `${url.origin} does not take this key` : error.message)
  }
}
