/** @module Is there a PeerTube instance that we can read? Asked once, before an instance is stored. */
import * as v from 'valibot'
import type { Diagnosis } from '../http/tcp.ts'
import type { Answer, Failure } from './client.ts'
import { diagnosed } from './failure.ts'
import { NodeInfo, ServerConfig } from './schemas.ts'

/** The oldest version whose list answers as ours expects: `filter` went and `isLocal` came with 5.0, 5.1 is tested. */
const OLDEST = [5, 1] as const

export type ProbeResult =
  | { kind: 'ok'; version: string; name: string }
  | {
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
    }

/**
 * Asks `/nodeinfo/2.0.json` what software this is, then `/api/v1/config` for its version and name.
 *
 * @param origin e.g. `https://peertube.example`; named in every detail.
 * @param get one GET, through the instance's rate limiter.
 * @param diagnose why no connection comes about, which `fetch` doesn't say.
 */
export async function probe(
  origin: string,
  get: (url: string) => Promise<Answer>,
  diagnose: (url: URL) => Promise<Diagnosis>,
): Promise<ProbeResult> {
  const refused = (
    reason: Extract<ProbeResult, { kind: 'refused' }>['reason'],
    detail: string,
  ): ProbeResult => ({
    kind: 'refused',
    reason,
    detail: `${origin} ${detail}`,
  })
  const explain = async (answer: Exclude<Answer, { kind: 'ok' }>): Promise<ProbeResult> => {
    if (answer.kind === 'rate-limited') return refused('rate-limited', 'asks to come back later (429)')
    if (answer.kind === 'not-modified') return refused('not-peertube', 'answered 304 to a first request')
    const failure =
      answer.reason === 'unreachable' ? diagnosed(answer, await diagnose(new URL(origin))) : answer
    return refused(REASONS[failure.reason], failure.detail)
  }

  const nodeInfo = await get(`${origin}/nodeinfo/2.0.json`)
  if (nodeInfo.kind === 'failed' && nodeInfo.observation?.status === 404) {
    return refused('not-peertube', 'is not a PeerTube instance: it has no /nodeinfo/2.0.json')
  }
  if (nodeInfo.kind !== 'ok') return explain(nodeInfo)
  const software = v.safeParse(NodeInfo, nodeInfo.body)
  if (!software.success) {
    return refused('not-peertube', 'is not a PeerTube instance: its nodeinfo is not readable')
  }
  if (software.output.software.name !== 'peertube') {
    return refused(
      'not-peertube',
      `is not a PeerTube instance: it runs ${software.output.software.name.slice(0, 100)}`,
    )
  }

  const config = await get(`${origin}/api/v1/config`)
  if (config.kind !== 'ok') return explain(config)
  const server = v.safeParse(ServerConfig, config.body)
  if (!server.success) {
    return refused('not-peertube', 'is not a PeerTube instance: its /api/v1/config is not readable')
  }
  const { serverVersion, instance } = server.output
  if (!isSupported(serverVersion)) {
    return refused('too-old', `runs PeerTube ${serverVersion}; Tubewire reads ${OLDEST.join('.')} and newer`)
  }
  return { kind: 'ok', version: serverVersion, name: instance.name }
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
