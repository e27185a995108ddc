/** @module What the figures share: a Tubewire on fresh data, to be filled with SQL and asked over HTTP. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newSecrets } from '../src/local/dev-vars.ts'
import { startWorker } from '../src/local/worker.ts'

export type Measured = {
  db: D1Database
  url: URL
  adminKey: string
  encryptionKeys: { id: string; bytes: Uint8Array }[]
  /** Asks the Worker of bench/worker.ts. */
  call: (path: string, body?: unknown) => Promise<string>
  /** The same, for an answer that is read as it comes. */
  open: (path: string) => Promise<Response>
  stop: () => Promise<void>
}

/**
 * Starts bench/worker.ts on an empty database.
 * @param vars over those that are named here. Of deliveries 50 may wait for an answer at once, as with `npm start`.
 */
export async function startMeasured(vars: Readonly<Record<string, string>> = {}): Promise<Measured> {
  const data = await mkdtemp(join(tmpdir(), 'tubewire-bench-'))
  const secrets = newSecrets()
  const worker = await startWorker({
    port: 0,
    data,
    entry: join(import.meta.dirname, 'worker.ts'),
    vars: {
      ...secrets,
      ALLOW_LOCAL_TARGETS: 'true',
      MAX_DELAY_SECONDS: '60',
      MAX_DELAY_COMMENTS_SECONDS: '60',
      // More than anything here asks.
      RATE_LIMIT_API: '900000/10',
      DELIVERY_CONCURRENCY: '50',
      ...vars,
    },
    onLog({ level, message }) {
      if (level === 'error') process.stderr.write(`${message}\n`)
    },
  })
  const { DB } = await worker.bindings<Env>()
  const [id = '', key = ''] = secrets.ENCRYPTION_KEYS.split(':')
  return {
    db: DB,
    url: worker.url,
    adminKey: secrets.ADMIN_KEY,
    encryptionKeys: [{ id, bytes: Buffer.from(key, 'base64') }],
    async call(path, body) {
      const response = await fetch(new URL(path, worker.url), {
        method: 'POST',
        body: JSON.stringify(body ?? null),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
      return text
    },
    open: (path) => fetch(new URL(path, worker.url)),
    async stop() {
      await worker.stop()
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** `WITH` of the numbers from 0 to `count` - 1, as `n(i)`. */
export function numbers(count: number): string {
  return `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`
}
