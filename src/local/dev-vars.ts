/** @module `.dev.vars`: the secrets of this machine, made at the first start. wrangler reads the same file. */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'

/** What the Worker needs to be told in secret: see src/config.ts. */
export type Secrets = { ADMIN_KEY: string; ENCRYPTION_KEYS: string }

/** New random secrets. */
export function newSecrets(): Secrets {
  return {
    ADMIN_KEY: randomBytes(24).toString('base64url'),
    ENCRYPTION_KEYS: `${new Date().toISOString().slice(0, 10)}:${randomBytes(32).toString('base64')}`,
  }
}

/**
 * Reads the secrets from a file of `NAME=value` lines, adding those that are missing.
 * The file is for its owner's eyes only.
 */
export async function readSecrets(path: string): Promise<Secrets & Record<string, string>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  // As wrangler reads it: quotes and comments included.
  const found = Object.fromEntries(
    Object.entries(parseEnv(text)).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  )
  const missing = Object.entries(newSecrets()).filter(([name]) => !found[name])
  if (missing.length > 0) {
    const lines = missing.map(([name, value]) => `${name}=${value}\n`).join('')
    const header =
      text === '' ? "# This machine's secrets. Whoever has them can read and change everything here.\n" : ''
    await writeFile(path, `${header}${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${lines}`, {
      mode: 0o600,
    })
  }
  // All names of `Secrets` are in one of the two.
  return { ...found, ...Object.fromEntries(missing) } as Secrets & Record<string, string>
}
