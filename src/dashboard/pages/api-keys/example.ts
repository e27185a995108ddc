/** @module A first request with a key. */

/** What is read with each scope, the most telling first. */
const PATHS = [
  ['events:read', '/api/v1/events?limit=5'],
  ['deliveries:read', '/api/v1/deliveries'],
  ['endpoints:read', '/api/v1/endpoints'],
  ['feeds:read', '/api/v1/feeds'],
  ['connections:read', '/api/v1/connections'],
  ['instances:read', '/api/v1/instances'],
] as const

/** A command line that works with this key. A key that reads nothing is shown how it is sent. */
export function exampleWith(key: string, scopes: readonly string[]): string {
  const path = PATHS.find(([scope]) => scopes.includes(scope))?.[1] ?? '/api/v1/instances'
  return `curl -H "Authorization: Bearer ${key}" \\\n  "${location.origin}${path}"`
}
