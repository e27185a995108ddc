/** @module Where the reader is, and where he goes: see address.ts for what an address says. */
import { useEffect, useState } from 'preact/hooks'
import { parseRoute, type Route } from './address.ts'

/** Of the entry of the history that is shown: whether it was shown before. Each that was seen is marked. */
let isBack = false

/** Begins to tell "back" from going on. Before anybody looks at the address. */
export function followHistory(): void {
  const mark = () => {
    // What it was marked with here.
    isBack = (history.state as { seen?: boolean } | null)?.seen === true
    if (!isBack) history.replaceState({ seen: true }, '')
  }
  addEventListener('hashchange', mark)
  mark()
}

/** Whether "back" or "forward" led here. */
export function cameBack(): boolean {
  return isBack
}

/** Goes to a view, so that "back" comes back here. */
export function go(address: string): void {
  location.hash = address
}

/** Goes to a view in place of this one: for what was typed letter by letter, of which "back" is not to walk through each. */
export function replace(address: string): void {
  history.replaceState(null, '', address)
  dispatchEvent(new HashChangeEvent('hashchange'))
}

/** Where the reader is, as it changes. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const change = () => setHash(location.hash)
    addEventListener('hashchange', change)
    change()
    return () => removeEventListener('hashchange', change)
  }, [])
  return parseRoute(hash)
}
