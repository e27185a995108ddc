/** @module Is there a PeerTube instance that we can read? Asked once, before an instance is stored. */
import * as v from 'valibot'
import type { Diagnosis } from '../http/tcp.ts'
import type { Answer, Failure } from './client.ts'
import { diagnosed } from './failure.ts'
import { NODE_INFO, NodeInfo, ServerConfig } from './schemas.ts'

/** The oldest version whose list answers as ours expects: `filter` went and `isLocal` came with 5.0, 5.1 is tested. */
const OLDEST = [5, 1] as const

/** Why an instance is not read. */
export type Refusal = {
  kind: 'refused'
  reason:
    | 'not-peertube'
    | 'too-old'
    | 'unreachable'
    | 'tls'
    | 'timeout'
    | 'redirect'
    | 'rate-limited'
    | 'http'
  detail: string
  /** The instance that it has moved to for good (RFC 9110, 15.4.2 and 15.4.9), when it says so: untrusted. */
  movedTo: URL | null
}
export type ProbeResult = { kind: 'ok'; version: string; name: string } | Refusal

/** How an instance is asked before it is watched: one GET through its rate limiter, and why no connection comes about. */
export type Asking = {
  get: (url: string) => Promise<Answer>
  /** What `fetch` doesn't say. */
  diagnose: (url: URL) => Promise<Diagnosis>
}

/**
 * Asks `/nodeinfo/2.0.json` what software this is, then `/api/v1/config` for its version and name.
 * @param origin e.g. `https://peertube.example`; named in every detail.
 */
export async function probe(origin: string, asking: Asking): Promise<ProbeResult> {
  const nodeInfo = await asking.get(origin + NODE_INFO)
  if (nodeInfo.kind === 'failed' && nodeInfo.observation?.status === 404)
    return notPeerTube(origin, `it has no ${NODE_INFO}`)
  if (nodeInfo.kind !== 'ok') return refusal(origin, NODE_INFO, nodeInfo, asking)
  const problem = softwareProblem(nodeInfo.body)
  if (problem) return notPeerTube(origin, problem)

  const config = await asking.get(`${origin}/api/v1/config`)
  if (config.kind !== 'ok') return refusal(origin, '/api/v1/config', config, asking)
  const server = v.safeParse(ServerConfig, config.body)
  if (!server.success) return notPeerTube(origin, 'its /api/v1/config is not readable')
  const { serverVersion, instance } = server.output
  if (!isSupported(serverVersion))
    return refused(
      origin,
      'too-old',
      `runs PeerTube ${serverVersion}; Tubewire reads ${OLDEST.join('.')} and newer`,
    )
  return { kind: 'ok', version: serverVersion, name: instance.name }
}

/** Why what answered this under `NODE_INFO` is no PeerTube; null: it is one. */
export function softwareProblem(body: unknown): string | null {
  const parsed = v.safeParse(NodeInfo, body)
  if (!parsed.success) return 'its nodeinfo is not readable'
  const { name } = parsed.output.software
  return name === 'peertube' ? null : `it runs ${name.slice(0, 100)}`
}

/** What an answer that can't be used means for whoever wants to watch the instance. @param path that was asked. */
export async function refusal(
  origin: string,
  path: string,
  answer: Exclude<Answer, { kind: 'ok' }>,
  { diagnose }: Pick<Asking, 'diagnose'>,
): Promise<Refusal> {
  if (answer.kind === 'rate-limited') return refused(origin, 'rate-limited', 'asks to come back later (429)')
  if (answer.kind === 'not-modified') return notPeerTube(origin, 'it answered 304 to a first request')
  const failure =
    answer.reason === 'unreachable' ? diagnosed(answer, await diagnose(new URL(origin))) : answer
  const reason = REASONS[failure.reason]
  if (reason === 'not-peertube') return notPeerTube(origin, `it ${failure.detail}`)
  return { ...refused(origin, reason, failure.detail), movedTo: movedTo(origin, path, failure) }
}

/** Where an instance has moved to: the same path, elsewhere, for good. */
function movedTo(origin: string, path: string, failure: Failure): URL | null {
  if (failure.reason !== 'redirect' || !failure.isPermanent) return null
  const url = URL.parse(failure.location ?? '')
  const isMove = url !== null && url.origin !== origin && url.href === `${url.origin}${path}`
  return isMove ? new URL(url.origin) : null
}

function refused(origin: string, reason: Refusal['reason'], detail: string): Refusal {
  return { kind: 'refused', reason, detail: `${origin} ${detail}`, movedTo: null }
}

function notPeerTube(origin: string, why: string): Refusal {
  return refused(origin, 'not-peertube', `is not a PeerTube instance: ${why}`)
}

const REASONS = {
  dns: 'unreachable',
  refused: 'unreachable',
  unreachable: 'unreachable',
  timeout: 'timeout',
  tls: 'tls',
  redirect: 'redirect',
  http: 'http',
  server: 'http',
  html: 'not-peertube',
  'not-json': 'not-peertube',
  'too-large': 'not-peertube',
  schema: 'not-peertube',
} as const satisfies Record<Failure['reason'], string>

/** Whether a version such as `6.3.0` or `7.0.0-rc.1` is one that we read. */
export function isSupported(version: string): boolean {
  const match = /^v?(\d{1,5})\.(\d{1,5})/.exec(version)
  if (!match) return false
  const [major, minor] = [Number(match[1]), Number(match[2])]
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}
