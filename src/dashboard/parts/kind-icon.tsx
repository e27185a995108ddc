/** @module What an event is about, as a small drawing: the word stands beside it. */
import type { JSX } from 'preact'

/** On a field of 20 by 20. */
const DRAWINGS: Readonly<Record<string, JSX.Element>> = {
  video: <path d="M3 4.5h14v11H3zM8.5 7.5v5l4-2.5z" />,
  live: (
    <path d="M10 8.4a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2M6 6a5.6 5.6 0 0 0 0 8M14 6a5.6 5.6 0 0 1 0 8" />
  ),
  comment: <path d="M3 4h14v9H9l-4 3.5V13H3z" />,
  notification: <path d="M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3" />,
  instance: <path d="M3 4h14v5H3zM3 11h14v5H3zM6 6.5h.1M6 13.5h.1" />,
  connection: <path d="M7 9.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6M9.2 10.3 16 3.5M13 6.5l2.5 2.5" />,
  endpoint: <path d="M3 10h11M10 5.5l4.5 4.5-4.5 4.5M17 4v12" />,
  delivery: <path d="M3 5h14v10H3zM3 5.5l7 5.5 7-5.5" />,
}

/** @param kind as `kindOf` says it. */
export function KindIcon({ kind }: { kind: string }) {
  return (
    <svg class={`kind-icon ${kind}`} viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      {DRAWINGS[kind] ?? <circle cx="10" cy="10" r="4" />}
    </svg>
  )
}
