/** @module What a failure means: why there was no connection, and how much of an instance can't be read for it. */
import type { Diagnosis } from '../http/tcp.ts'
import { type Failure, failed } from './client.ts'

/** A failure for want of a connection, in the words of what `diagnose` has found out. Any other failure as it is. */
export function diagnosed(failure: Failure, why: Diagnosis): Failure {
  if (failure.reason !== 'unreachable' || why === 'unreachable') return failure
  return failed(why, DIAGNOSES[why], failure.observation)
}

const DIAGNOSES = {
  dns: 'could not be found: its name has no address',
  refused: 'refuses connections: nobody listens there',
  tls: 'has no valid TLS certificate, or does not speak https',
}

/**
 * Whether a failure says that nothing of the instance can be read now, rather than that one of its routes can't.
 * @param status of the answer, when there was one.
 */
export function isInstanceWide(reason: Failure['reason'], status: number | null): boolean {
  // 501: of this route, whatever else there is.
  return reason === 'server' ? status !== 501 : INSTANCE_WIDE.has(reason)
}

const INSTANCE_WIDE: ReadonlySet<Failure['reason']> = new Set([
  'dns',
  'refused',
  'tls',
  'timeout',
  'unreachable',
  'redirect',
  'html',
])
