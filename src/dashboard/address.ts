/**
 * @module Addresses: what stands after the `#`, e.g. `#/events?type=video.*`. A server never sees it, so that no log has what somebody
 * looked for; and every view and filter has an address that can be kept and sent. Pure.
 */

export type Route = {
  /** `['endpoints', 'ep_…']`; nothing: the overview. */
  path: readonly string[]
  query: URLSearchParams
}

/** Values of a query; what is undefined or empty is left out. */
export type Query = Readonly<Record<string, string | readonly string[] | number | boolean | undefined>>

/** The address of a view. @param path its parts, unescaped. */
export function linkTo(path: readonly string[], query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value ?? []].flat()) if (one !== '') params.append(name, String(one))
  }
  const search = params.size > 0 ? `?${params}` : ''
  return `#/${path.map(encodeURIComponent).join('/')}${search}`
}

/** Reads an address. What can't be decoded stays as it is. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s)
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
