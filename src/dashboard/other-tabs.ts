/** @module The other tabs of the browser: they have the same cookie, and so the same session. Each tells the others when it has changed it. */

const channel = open()

function open(): BroadcastChannel | null {
  try {
    return new BroadcastChannel('tubewire.session')
  } catch {
    // Where cookies are blocked there may be none: each tab finds out by itself, later.
    return null
  }
}

/** Says to the other tabs that somebody signed in or out. */
export function tellOtherTabs(): void {
  channel?.postMessage('changed')
}

/** Calls when another tab says so. @returns what ends the listening. */
export function onOtherTab(listener: () => void): () => void {
  channel?.addEventListener('message', listener)
  return () => channel?.removeEventListener('message', listener)
}
