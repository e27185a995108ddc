/** @module Which service a program is to ask, and with what key: what it was told, or the one that `npm start` runs on this machine. */
import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { Mistake } from './mistake.ts'
import type { Where } from './where.ts'

/** A Tubewire, and what it is asked with. */
export type ServiceKey = { url: URL; key: string }

/**
 * Finds the service.
 * @param path of `.dev.vars`, which has the key of the one on this machine. It is not written.
 * @throws Mistake when there is no such key: then none was ever started here.
 */
export async function findService({ url, key, port }: Where, path: string): Promise<ServiceKey> {
  const here = url ?? new URL(`http://127.0.0.1:${port}`)
  return { url: here, key: key ?? (await adminKeyIn(path)) }
}

async function adminKeyIn(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const key = parseEnv(text)['ADMIN_KEY']
  if (key) return key
  throw new Mistake(
    'no Tubewire was ever started here: run "npm start" first, or name one with --url and --key',
  )
}
