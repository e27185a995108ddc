/** @module Where Tubewire may send a request: all of it, what the URL says and what its name resolves to. */
import { addressesProblem, type ResolverDeps, type TargetProblem } from './resolve.ts'
import { targetProblem } from './target.ts'

/** What of the configuration (src/config.ts) says where requests may go. */
export type TargetConfig = { allowLocalTargets: boolean; publicUrl: string | null; dnsUrl: string | null }
export type TargetDeps = ResolverDeps & { config: TargetConfig }

/**
 * Why a URL may not be asked or posted to now, and whether that is for good; null: it may.
 * Where local addresses are allowed no name is looked up.
 * @param ownHost where a request that is being answered has reached Tubewire, as `URL.host` has it, besides `publicUrl`.
 */
export async function judgeTarget(
  deps: TargetDeps,
  url: URL,
  ownHost?: string,
): Promise<TargetProblem | null> {
  const { allowLocalTargets: allowLocal, publicUrl, dnsUrl } = deps.config
  const own = publicUrl === null ? [] : [new URL(publicUrl).host]
  const ownHosts = ownHost === undefined ? own : [...own, ownHost]
  const problem = targetProblem(url, { allowLocal, ownHosts })
  if (problem !== null) return { kind: 'refused', problem }
  return allowLocal ? null : addressesProblem(deps, dnsUrl, url)
}

/**
 * Before each request: why it must not be sent now, in words that go on from "its URL"; null: it may be.
 * @example await targetCheck(deps, new URL(endpoint.url)) // 'must be public (receiver.example resolves to 10.0.0.1)'
 */
export async function targetCheck(deps: TargetDeps, url: URL): Promise<string | null> {
  return (await judgeTarget(deps, url))?.problem ?? null
}
