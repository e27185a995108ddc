/** @module What was typed and not sent: kept for this tab, so that going back, a reload or the end of a session loses none of it. */
import { useCallback, useState } from 'preact/hooks'
import { tabStorage } from '../storage.ts'

const PREFIX = 'tubewire.draft.'
const NONE: readonly never[] = []
const isIn = (names: readonly string[], name: string) => names.includes(name)
const OWNER = 'tubewire.drafts-of'

/**
 * State that is kept. For nothing secret: no passwords, no tokens.
 * @param key of the form. @param secrets names of what is not kept, but in memory as long as the form is shown.
 * @returns the value, what changes it, and what forgets it when it was sent.
 */
export function useDraft<TValue extends object>(
  key: string,
  initial: TValue,
  secrets: readonly (keyof TValue & string)[] = NONE,
): [TValue, (part: Partial<TValue>) => void, () => void] {
  const [value, setValue] = useState<TValue>(() => ({ ...initial, ...kept<TValue>(key) }))
  const change = useCallback(
    (part: Partial<TValue>) =>
      setValue((before) => {
        const without = (name: string, part: unknown) => (isIn(secrets, name) ? undefined : part)
        const after = { ...before, ...part }
        tabStorage.set(PREFIX + key, JSON.stringify(after, without))
        return after
      }),
    [key, secrets],
  )
  const forget = useCallback(() => {
    tabStorage.remove(PREFIX + key)
    setValue(initial)
  }, [key])
  return [value, change, forget]
}

/** Forgets what everybody typed: somebody else may sign in. */
export function forgetDrafts(): void {
  for (const key of tabStorage.keys()) if (key.startsWith(PREFIX)) tabStorage.remove(key)
}

/** Who is signed in now: what somebody else typed before in this tab is not for him. */
export function keepDraftsOf(userId: string): void {
  const before = tabStorage.get(OWNER)
  if (before !== null && before !== userId) forgetDrafts()
  tabStorage.set(OWNER, userId)
}

function kept<TValue>(key: string): Partial<TValue> {
  try {
    // What was written here before. A field that is gone since is in nobody's way.
    return JSON.parse(tabStorage.get(PREFIX + key) ?? '{}') as Partial<TValue>
  } catch {
    return {}
  }
}
