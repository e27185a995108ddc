/** @module What a form begins with. */
import { useMemo } from 'preact/hooks'
import type { Result } from './api.ts'
import { type Loaded, useLoaded } from './use-loaded.ts'

/** Reads, and shows nothing that was read before: what somebody changes is what is there, and not what was. */
export function useFresh<TData>(name: string, load: () => Promise<Result<TData>>): Loaded<TData> {
  const opened = useMemo(() => performance.now(), [name])
  return useLoaded(`${name}, opened ${opened}`, load)
}
