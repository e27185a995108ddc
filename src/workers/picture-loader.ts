/**
 * @module Fetches a picture for all who wait for it: one Durable Object each picture, so that there is one in the world, and
 * its first viewers, wherever they are, share one request to the instance. docs/decisions/008 says why it is an object.
 */
import { DurableObject } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { type FetchedPicture, fetchPicture } from '../pictures/fetch-picture.ts'
import { describeError, type Log, logToConsole } from './log.ts'
import { type KnownPicture, readPictureCache, writePictureCache } from './picture-cache.ts'
import { picturesAccess } from './pictures-access.ts'

/** A picture, why there is none, or when to come back: its host may not be asked now. */
export type Picture = KnownPicture | { kind: 'busy'; retryAfterSeconds: number }

/** A wish for a picture that the cache doesn't know. `now` is milliseconds since the epoch. */
export type PictureAsk = {
  key: string
  url: string
  /** Whether it may be on this machine or a private network. */
  allowLocal: boolean
  /** As in `Config`. A Worker that is older than this object sends neither. */
  publicUrl?: string | null
  dnsUrl?: string | null
  now: number
  /** Who asks: see src/peertube/user-agent.ts. */
  userAgent: string
}

export type LoaderDeps = {
  env: Pick<Env, 'PICTURES' | 'RATE_LIMITER'>
  fetch: typeof fetch
  clock: () => number
  log: Log
}

const MINUTE_MS = 60_000
/** There is no such picture: that seldom changes. */
const GONE_MS = 10 * MINUTE_MS
/** Something went wrong on the way, and may not the next time. */
const FAILED_MS = MINUTE_MS

export class PictureLoader extends DurableObject<Env> {
  private loading: Promise<Picture> | null = null

  /** Loads the picture, or waits with those who came before. */
  load(ask: PictureAsk): Promise<Picture> {
    this.loading ??= this.start(ask).finally(() => {
      this.loading = null
    })
    return this.loading
  }

  private start(ask: PictureAsk): Promise<Picture> {
    const startedAt = Date.now()
    const deps: LoaderDeps = {
      env: this.env,
      fetch: (input, init) => fetch(input, init),
      // Runs on from the caller's: a `Retry-After` counts from the answer.
      clock: () => ask.now + Date.now() - startedAt,
      log: logToConsole,
    }
    return loadPicture(deps, ask)
  }
}

/** Fetches a picture with leave of its host's limiter, and keeps it, or keeps that there is none. */
export async function loadPicture(deps: LoaderDeps, ask: PictureAsk): Promise<Picture> {
  const { env, clock } = deps
  // Whoever came a moment too late for the last load finds here what it brought: it was stored from this place.
  const known = await readPictureCache(env.PICTURES, ask.key, clock())
  if (known) return known

  const url = new URL(ask.url)
  const access = picturesAccess(env.RATE_LIMITER, url.host, clock)
  const grant = await access.ask()
  if (grant.kind === 'wait') return busy(grant.waitMs)
  const { allowLocal: allowLocalTargets, publicUrl = null, dnsUrl = null, userAgent } = ask
  const config = { allowLocalTargets, publicUrl, dnsUrl }
  const fetched = await fetchPicture({ ...deps, userAgent }, url, { config })
  await access.observe(fetched.observation)
  // The host's limiter holds all of its pictures: there is nothing to remember of this one.
  if (fetched.kind === 'held') return busy(fetched.retryAt - clock())

  const now = clock()
  const found = toKnown(fetched, url, now)
  try {
    await writePictureCache(env.PICTURES, ask.key, found, now)
  } catch (error) {
    // Those who wait for it need not suffer.
    deps.log({
      log: 'error',
      where: 'keeping a picture; its next viewer will have it fetched again',
      instance: url.host,
      error: describeError(error),
    })
  }
  return found
}

function busy(waitMs: number): Picture {
  return { kind: 'busy', retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) }
}

function toKnown(fetched: Exclude<FetchedPicture, { kind: 'held' }>, url: URL, now: number): KnownPicture {
  if (fetched.kind === 'picture') {
    const { bytes, type } = fetched
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
    return { kind: 'picture', bytes, type, etag: `"${digest}"` }
  }
  const status = fetched.observation?.status
  const isGone = status === 404 || status === 410
  return {
    kind: 'missing',
    reason: `${url.host} ${fetched.detail}`,
    until: now + (isGone ? GONE_MS : FAILED_MS),
  }
}
