/**
 * @module What a name resolves to, asked of a resolver over HTTPS: a Worker has no DNS of its own. It is asked in JSON
 * (`application/dns-json`), as those of Cloudflare, Google and many others answer: of DNS two kinds of addresses are wanted, for
 * which the wire format (RFC 8484) would need a parser of bytes that strangers choose.
 */
import * as v from 'valibot'
import { deadline } from './deadline.ts'
import { isPublicAddress } from './public-address.ts'
import { readBytes } from './read-bytes.ts'
import { addressOf } from './target.ts'

/** `clock`: milliseconds since the epoch. */
export type ResolverDeps = { fetch: typeof fetch; clock: () => number }

/** What is wrong with a target, in words that go on from "its URL". */
export type TargetProblem =
  /** It may not be asked. */
  | { kind: 'refused'; problem: string }
  /** Nobody can say so now: it is not asked, and may be the next time. */
  | { kind: 'unresolved'; problem: string }

type Resolved = { kind: 'addresses'; addresses: readonly string[] } | { kind: 'unresolved'; why: string }

const TIMEOUT_MS = 3_000
/** Some hundred addresses take 10 KB. */
const MAX_BYTES = 64 * 1024

const MIN_TTL_MS = 30_000
const MAX_TTL_MS = 300_000
/** Of a name without addresses. */
const NONE_TTL_MS = 30_000
/** Of a resolver that fails: those who wait for the same name need not each find out for themselves. */
const UNRESOLVED_TTL_MS = 3_000
const MOST_NAMES = 1_000

/** Types of records (RFC 1035, 3.2.2, and RFC 3596, 2.1). */
const TYPES = { A: 1, AAAA: 28 } as const
const NOERROR = 0
const NXDOMAIN = 3
/** What a failure is called (RFC 1035, 4.1.1). */
const CODES: Readonly<Record<number, string>> = { 1: 'FORMERR', 2: 'SERVFAIL', 4: 'NOTIMP', 5: 'REFUSED' }

const DnsAnswer = v.object({
  Status: v.pipe(v.number(), v.integer()),
  /** Cut off: there may be further addresses. */
  TC: v.optional(v.boolean(), false),
  Answer: v.optional(
    v.array(
      v.object({
        type: v.pipe(v.number(), v.integer()),
        TTL: v.pipe(v.number(), v.finite()),
        data: v.string(),
      }),
    ),
    [],
  ),
})

/** What this isolate knows, the oldest first, by resolver and name. */
const known = new Map<string, { resolved: Resolved; until: number }>()
/** What is being asked, by whose `fetch` asks: an invocation of a Worker can't wait for another's request. */
const asking = new WeakMap<typeof fetch, Map<string, Promise<Resolved>>>()

/**
 * What speaks against the addresses that a URL's name resolves to, or null when all of them are public, or when no resolver is
 * configured. An IP address in the URL is not looked up: `targetProblem` has judged it. Never throws for what a resolver does.
 *
 * Answers are kept for their TTL, of 30 s to 5 min.
 * @param dnsUrl a resolver that takes `?name=…&type=…`, such as `https://cloudflare-dns.com/dns-query`; null: none.
 */
export async function addressesProblem(
  deps: ResolverDeps,
  dnsUrl: string | null,
  url: URL,
): Promise<TargetProblem | null> {
  if (dnsUrl === null || addressOf(url) !== null) return null
  const name = url.hostname.replace(/\.$/, '')
  const resolved = await resolve(deps, dnsUrl, name)
  if (resolved.kind === 'unresolved') {
    return { kind: 'unresolved', problem: `can't be checked now (looking up ${name}: ${resolved.why})` }
  }
  const { addresses } = resolved
  if (addresses.length === 0) return { kind: 'refused', problem: `must have an address (${name} has none)` }
  const wrong = addresses.find((address) => !isPublicAddress(address))
  if (wrong === undefined) return null
  return { kind: 'refused', problem: `must be public (${name} resolves to ${wrong.slice(0, 100)})` }
}

async function resolve(deps: ResolverDeps, dnsUrl: string, name: string): Promise<Resolved> {
  const key = `${dnsUrl} ${name}`
  const found = known.get(key)
  if (found && deps.clock() < found.until) return found.resolved
  const underway = asking.get(deps.fetch) ?? new Map<string, Promise<Resolved>>()
  asking.set(deps.fetch, underway)
  const asked = underway.get(key) ?? lookUp(deps, dnsUrl, name, key).finally(() => underway.delete(key))
  underway.set(key, asked)
  return asked
}

async function lookUp(deps: ResolverDeps, dnsUrl: string, name: string, key: string): Promise<Resolved> {
  const answers = await Promise.all([ask(deps, dnsUrl, name, 'A'), ask(deps, dnsUrl, name, 'AAAA')])
  const failed = answers.find((answer) => typeof answer === 'string')
  // Half an answer is none: what is not known may be the private address.
  const resolved: Resolved =
    failed === undefined
      ? { kind: 'addresses', addresses: answers.flatMap((answer) => addressesOf(answer)) }
      : { kind: 'unresolved', why: failed }
  known.delete(key)
  known.set(key, { resolved, until: deps.clock() + ttlOf(resolved, answers) })
  for (const oldest of known.keys()) {
    if (known.size <= MOST_NAMES) break
    known.delete(oldest)
  }
  return resolved
}

type Records = v.InferOutput<typeof DnsAnswer>['Answer']

/** What the resolver found at the end of all aliases (CNAME, DNAME), which it has followed. */
function addressesOf(records: Records | string): string[] {
  const isAddress = ({ type }: Records[number]) => type === TYPES.A || type === TYPES.AAAA
  return typeof records === 'string' ? [] : records.filter(isAddress).map(({ data }) => data)
}

function ttlOf(resolved: Resolved, answers: readonly (Records | string)[]): number {
  if (resolved.kind === 'unresolved') return UNRESOLVED_TTL_MS
  if (resolved.addresses.length === 0) return NONE_TTL_MS
  const times = answers.flatMap((records) =>
    typeof records === 'string' ? [] : records.map(({ TTL }) => TTL),
  )
  return Math.min(Math.max(Math.min(...times) * 1000, MIN_TTL_MS), MAX_TTL_MS)
}

/** @returns the records; none when there is no such name. A text: why nobody knows. */
async function ask(
  { fetch }: ResolverDeps,
  dnsUrl: string,
  name: string,
  type: keyof typeof TYPES,
): Promise<Records | string> {
  const url = new URL(dnsUrl)
  url.searchParams.set('name', name)
  url.searchParams.set('type', type)
  const { signal, lift } = deadline(TIMEOUT_MS)
  try {
    const headers = { accept: 'application/dns-json' }
    const response = await fetch(url.href, { headers, redirect: 'manual', signal })
    if (response.status !== 200) {
      await response.body?.cancel()
      return `the resolver answered ${response.status}`
    }
    const bytes = await readBytes(response.body, MAX_BYTES)
    if (bytes === null) return `the resolver answered more than ${MAX_BYTES} bytes`
    return readAnswer(new TextDecoder().decode(bytes))
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === 'TimeoutError'
    return isTimeout
      ? `no answer of the resolver within ${TIMEOUT_MS / 1000} s`
      : 'no connection to the resolver'
  } finally {
    lift()
  }
}

function readAnswer(text: string): Records | string {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), DnsAnswer), text)
  if (!parsed.success) return 'the resolver answered something else than DNS in JSON'
  const { Status, TC, Answer } = parsed.output
  if (Status === NXDOMAIN) return []
  if (Status !== NOERROR) return `the resolver answered ${CODES[Status] ?? `code ${Status}`}`
  return TC ? 'the answer of the resolver is cut off' : Answer
}
