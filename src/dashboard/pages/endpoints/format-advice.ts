/** @module Which format a URL wants, where it says so itself. */
import type { Endpoint } from './reads.ts'

export type Format = Endpoint['format']

/** Read by people: their targets are greeted, and verify no signatures. */
const CHATS: ReadonlySet<Format> = new Set(['discord', 'slack', 'matrix', 'ntfy', 'mastodon'])

/** Whether people read what is sent in this format. */
export function isChat(format: Format): boolean {
  return CHATS.has(format)
}

/** The format of a URL of a known place; null: it may be anything. */
export function guessFormat(text: string): Format | null {
  if (!URL.canParse(text)) return null
  const { hostname, pathname } = new URL(text)
  if (/^((ptb|canary)\.)?discord(app)?\.com$/.test(hostname) && pathname.startsWith('/api/')) return 'discord'
  if (hostname === 'hooks.slack.com') return 'slack'
  if (hostname === 'ntfy.sh' || hostname.startsWith('ntfy.')) return 'ntfy'
  if (pathname === '/api/v1/statuses') return 'mastodon'
  return hostname.startsWith('matrix.') || hostname.includes('hookshot') ? 'matrix' : null
}
