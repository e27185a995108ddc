/** @module A Tubewire that may ask public hosts only, and looks their names up: they lead where a test says. */
import type { Deps } from '../../src/workers/deps.ts'

let resolvers = 0

/**
 * The same deps where local addresses are not allowed, with a resolver of their own: what is known of a name is kept by resolver.
 *
 * @param addressesOf the IPv4 addresses of a name; null: the resolver fails.
 * @param servers who answers for which name: an origin of the simulators.
 * @returns the deps, and the names that were looked up.
 */
export function resolving(
  deps: Deps,
  addressesOf: (name: string) => readonly string[] | null,
  servers: Readonly<Record<string, string>> = {},
): { deps: Deps; names: string[] } {
  resolvers += 1
  const dnsUrl = `https://dns${resolvers}.example/dns-query`
  const names: string[] = []
  const answer = ({ searchParams }: URL) => {
    if (searchParams.get('type') === 'AAAA') return { Status: 0 }
    const name = searchParams.get('name') ?? ''
    names.push(name)
    const addresses = addressesOf(name)
    if (addresses === null) return { Status: 2 }
    return { Status: 0, Answer: addresses.map((data) => ({ name, type: 1, TTL: 60, data })) }
  }
  const fetcher: typeof fetch = async (input, init) => {
    const url = new URL(String(input))
    if (url.origin + url.pathname === dnsUrl) return Response.json(answer(url))
    const server = servers[url.host]
    if (server === undefined) throw new Error(`${url.origin} was asked`)
    return deps.fetch(server + url.pathname + url.search, init)
  }
  return {
    deps: { ...deps, fetch: fetcher, config: { ...deps.config, allowLocalTargets: false, dnsUrl } },
    names,
  }
}
