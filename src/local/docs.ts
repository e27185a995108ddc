/**
 * @module `npm run docs`: writes what is made of the code: docs/roles.md of the rights table, docs/events.md of the catalogue of
 * events, and clients/openapi.json, of which clients are generated. With `--check` it writes nothing and says what is out of date.
 */
import { registerHooks } from 'node:module'
import { keepGenerated } from './generated.ts'

// What only workerd has is not needed to describe what is done with it.
const STUB =
  'export class DurableObject {}; export class WorkerEntrypoint {}; export const connect = null; export const env = {}'
registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith('cloudflare:')
      ? { url: `data:text/javascript,${encodeURIComponent(STUB)}`, shortCircuit: true }
      : next(specifier, context),
})
const { openApi } = await import('../api/openapi/openapi.ts')
const { eventsDocument } = await import('../api/openapi/events-document.ts')
const { OPERATIONS } = await import('../api/operations.ts')
const { rolesDocument } = await import('../api/openapi/roles-document.ts')

const EXAMPLE = 'https://tubewire.example'
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

await keepGenerated(
  {
    'docs/events.md': eventsDocument(),
    'docs/roles.md': rolesDocument(OPERATIONS),
    'clients/openapi.json': json(openApi(OPERATIONS, '3.1', EXAMPLE)),
    'clients/openapi-3.0.json': json(openApi(OPERATIONS, '3.0', EXAMPLE)),
  },
  'npm run docs',
)
