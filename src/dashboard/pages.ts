/** @module The pages, by the first part of their addresses. Each is loaded when somebody goes there. */
import type { ComponentType } from 'preact'
import type { Ability } from './can.ts'

export type PageProps = {
  /** What follows the page's own part of the address, such as the id of an endpoint. */
  path: readonly string[]
  query: URLSearchParams
}

type Group = 'watch' | 'tell' | 'manage'

type PageEntry = {
  group: Group | null
  load: () => Promise<{ default: ComponentType<PageProps> }>
  /** What a role must be able to do to be shown it. */
  needs?: Ability
}

/** In the order of the navigation. */
export const PAGES = {
  overview: { group: null, load: () => import('./pages/overview/index.tsx') },
  events: { group: 'watch', load: () => import('./pages/events/index.tsx') },
  instances: { group: 'watch', load: () => import('./pages/instances/index.tsx') },
  connections: { group: 'watch', load: () => import('./pages/connections/index.tsx') },
  endpoints: { group: 'tell', load: () => import('./pages/endpoints/index.tsx') },
  deliveries: { group: 'tell', load: () => import('./pages/deliveries/index.tsx') },
  feeds: { group: 'tell', load: () => import('./pages/feeds/index.tsx') },
  consumers: { group: 'tell', load: () => import('./pages/consumers/index.tsx') },
  'api-keys': { group: 'manage', load: () => import('./pages/api-keys/index.tsx') },
  users: { group: 'manage', load: () => import('./pages/users/index.tsx'), needs: 'seeUsers' },
  'audit-log': { group: 'manage', load: () => import('./pages/audit-log/index.tsx'), needs: 'seeAuditLog' },
  settings: { group: 'manage', load: () => import('./pages/settings/index.tsx') },
} as const satisfies Record<string, PageEntry>

export type PageName = keyof typeof PAGES

/** The page of an address; null: there is none. */
export function pageOf(path: readonly string[]): PageName | null {
  const name = path[0] ?? 'overview'
  // One of the keys: it is looked up as one's own.
  return Object.hasOwn(PAGES, name) ? (name as PageName) : null
}

/** What a page needs, whichever it is. */
export function entryOf(name: PageName): PageEntry {
  return PAGES[name]
}
