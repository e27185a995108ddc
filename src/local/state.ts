/**
 * @module `--fresh`: the old state is set aside, and forgotten only when the start has succeeded. A start that fails, or is
 * killed, has forgotten nothing: the next one finds the old state and puts it back.
 */
import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Where miniflare keeps databases and objects. */
export function stateFolder(data: string): string {
  return join(data, 'state', 'v3')
}

function asideFolder(data: string): string {
  return join(data, 'state', 'before-fresh')
}

function forgottenFolder(data: string): string {
  return join(data, 'state', 'forgotten')
}

/** Puts back what a `--fresh` that never became ready had set aside. */
export async function restoreState(data: string): Promise<void> {
  await rm(forgottenFolder(data), { recursive: true, force: true })
  const isAside = await stat(asideFolder(data)).catch((error: unknown) => {
    if (!isMissing(error)) throw error
    return null
  })
  if (!isAside) return
  await rm(stateFolder(data), { recursive: true, force: true })
  await rename(asideFolder(data), stateFolder(data))
}

/** Sets the state aside. */
export async function setStateAside(data: string): Promise<void> {
  await renameIfThere(stateFolder(data), asideFolder(data))
}

/** Forgets what was set aside: at once, by the rename, for removing takes a while and may be interrupted. */
export async function forgetAside(data: string): Promise<void> {
  await renameIfThere(asideFolder(data), forgottenFolder(data))
  await rm(forgottenFolder(data), { recursive: true, force: true })
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
