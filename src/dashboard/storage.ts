/**
 * @module What is kept in the browser, as far as it lets. Where a reader has blocked cookies the storages throw, and full ones do: the
 * dashboard works then, and keeps nothing.
 */

export type Kept = {
  get: (key: string) => string | null
  set: (key: string, value: string) => void
  remove: (key: string) => void
  keys: () => string[]
}

/** For this browser. Nothing that a script must not read. */
export const browserStorage = safely(() => localStorage)
/** For this tab. */
export const tabStorage = safely(() => sessionStorage)

/** @param storage throws by itself where there is none: it is asked for each time. */
function safely(storage: () => Storage): Kept {
  const tried = <TValue>(act: () => TValue, otherwise: TValue): TValue => {
    try {
      return act()
    } catch {
      return otherwise
    }
  }
  return {
    get: (key) => tried(() => storage().getItem(key), null),
    set: (key, value) => tried(() => storage().setItem(key, value), undefined),
    remove: (key) => tried(() => storage().removeItem(key), undefined),
    keys: () => tried(() => Object.keys(storage()), []),
  }
}
