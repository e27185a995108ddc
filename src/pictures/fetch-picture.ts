/** @module One picture, fetched from where it is: small, a raster, from a public host, and what it says it is counts for nothing. */
import { readBytes } from '../http/read-bytes.ts'
import { type TargetConfig, targetCheck } from '../http/target-check.ts'
import {
  type ClientDeps,
  type Failure,
  failed,
  type Observation,
  request,
  statusFailure,
} from '../peertube/client.ts'
import { type RasterType, rasterType } from './raster.ts'

export type FetchedPicture =
  | { kind: 'picture'; bytes: Uint8Array; type: RasterType; observation: Observation }
  /** 429 or 503: nothing more before `retryAt`, milliseconds since the epoch. */
  | { kind: 'held'; retryAt: number; observation: Observation }
  /** `detail` is for people, and goes on from the host's name: "redirects to …". */
  | { kind: 'failed'; reason: FailureReason; detail: string; observation: Observation | null }

type FailureReason = Failure['reason'] | 'not-public' | 'not-a-picture'

/** A thumbnail has some 20 KB. */
const MAX_BYTES = 2 * 1024 * 1024
/** Somebody looks at a page and waits. */
const TIMEOUT_MS = 10_000

/**
 * GETs a picture, without cookies, and follows no redirect: its target would be a URL that nobody has checked or signed.
 * Never throws for what a server does. Whoever calls it has leave of the host's limiter.
 *
 * @param options `config`: where requests may go; `timeoutMs` is for the whole picture.
 */
export async function fetchPicture(
  deps: ClientDeps,
  url: URL,
  { config, timeoutMs = TIMEOUT_MS }: { config: TargetConfig; timeoutMs?: number },
): Promise<FetchedPicture> {
  const problem = await targetCheck({ ...deps, config }, url)
  if (problem) return failed('not-public', problem, null)
  // No list of types: a server that chooses by it would give what only some viewers can show, and it is kept for all.
  const headers = { accept: 'image/*' }
  return request(deps, url.href, { headers, timeoutMs }, (response, observation) =>
    readPicture(response, observation, url),
  )
}

async function readPicture(response: Response, observation: Observation, url: URL): Promise<FetchedPicture> {
  if (observation.retryAt !== null) return { kind: 'held', retryAt: observation.retryAt, observation }
  const failure = statusFailure(response, observation, url.href)
  if (failure) return failure

  // However much a server announces, or nothing at all: only what comes is counted.
  const bytes = await readBytes(response.body, MAX_BYTES)
  if (bytes === null) return failed('too-large', `answered more than ${MAX_BYTES} bytes`, observation)
  const type = rasterType(bytes)
  if (type === null) return failed('not-a-picture', 'answered no JPEG, PNG, GIF, WebP or AVIF', observation)
  return { kind: 'picture', bytes, type, observation }
}
