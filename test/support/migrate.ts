import { applyD1Migrations, type D1Migration, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof import('../../src/workers/index.ts')
    }
    interface Env {
      CONTROL_URL: string
      MODEL_SEEDS: string
      MODEL_ACTIONS: string
      MIGRATIONS: D1Migration[]
    }
  }
}

// Runs before each file, of which many share a runtime.
await reset()
await applyD1Migrations(env.DB, env.MIGRATIONS)
