/** @module `.dev.vars`: the secrets of this machine, made at the first start. wrangler reads the same file. */
import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { VARIABLES } from '../config.ts'
import { nearestName } from '../nearest.ts'
import { Mistake } from './mistake.ts'

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
 * @throws Mistake for names that are no variable of Tubewire's, and for lines that are nothing: what was meant by them would
 * silently not be done.
 */
export async function readSecrets(path: string): Promise<Secrets & Record<string, string>> {
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  const text = before ?? ''
  // As wrangler reads it: quotes and comments included.
  const lines = parseEnv(text)
  refuseUnknown(Object.keys(lines))
  refuseNonsense(text)
  const found = Object.fromEntries(
    Object.entries(lines).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  )
  const missing = Object.entries(newSecrets()).filter(([name]) => !found[name])
  if (missing.length > 0) {
    const added = missing.map(([name, value]) => `${name}=${value}\n`).join('')
    const header =
      text === '' ? "# This machine's secrets. Whoever has them can read and change everything here.\n" : ''
    const whole = `${header}${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${added}`
    if (!(await putInPlace(path, whole, before === null))) return readSecrets(path)
  }
  // All names of `Secrets` are in one of the two.
  return { ...found, ...Object.fromEntries(missing) } as Secrets & Record<string, string>
}

/**
 * Writes a file whole or not at all, so that of two that start at once neither reads half of it, nor loses the secrets that
 * the other has begun to encrypt with.
 * @returns false when it was to be new, and is there by now.
 */
async function putInPlace(path: string, text: string, isNew: boolean): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  await writeFile(draft, text, { mode: 0o600 })
  try {
    // A link, unlike a renaming, never takes the place of what is there.
    await (isNew ? link(draft, path) : rename(draft, path))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** A line that sets nothing is passed over when it is read: what was meant by it would silently not be done. */
function refuseNonsense(text: string): void {
  const nonsense = text
    // Values in quotes may have lines of any kind.
    .replace(/^\s*#.*$/gm, '')
    .replace(/(["'`])[\s\S]*?\1/g, '')
    .split('\n')
    .find((one) => one.trim() !== '' && !one.includes('='))
  if (nonsense !== undefined)
    throw new Mistake(`.dev.vars has a line that is no NAME=value: docs/configuration.md lists the variables`)
}

function refuseUnknown(names: readonly string[]): void {
  const unknown = names.filter((name) => !VARIABLES.includes(name))
  if (unknown.length === 0) return
  const described = unknown.map((name) => {
    const nearest = nearestName(name, VARIABLES)
    return nearest === null ? name : `${name} (did you mean ${nearest}?)`
  })
  throw new Mistake(
    `.dev.vars sets what Tubewire doesn't know: ${described.join(', ')}. docs/configuration.md lists the variables`,
  )
}
