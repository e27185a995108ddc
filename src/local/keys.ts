/** @module `npm run keys`: new secrets for a deployment, to be given to `wrangler secret put`. */
import { newSecrets } from './dev-vars.ts'

for (const [name, value] of Object.entries(newSecrets())) process.stdout.write(`${name}=${value}\n`)
