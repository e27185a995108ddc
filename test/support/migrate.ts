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

/** While a statement of the file before is under way a reset may leave the database as it was, and the migrations would find it made. */
async function empty(): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    await reset()
    const left = await env.DB.prepare("SELECT 1 FROM sqlite_master WHERE name = 'd1_migrations'").first()
    if (left === null) return
  }
  throw new Error('the database of the file before can not be emptied')
}

// Runs before each file, of which many share a runtime.
await empty()
await applyD1Migrations(env.DB, env.MIGRATIONS)
