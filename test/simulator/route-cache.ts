/** @module The server's own cache of some routes: for a while the same answer by URL, whatever has happened since. */
import type { Answer } from './recorded-answers.ts'

/** Seconds. As recorded and as PeerTube configures them. */
const LIFETIMES: [path: RegExp, seconds: number][] = [
  [/^\/nodeinfo\/2\.0\.json$/, 600],
  [/^\/feeds\/video-comments\.json$/, 900],
]

/** Answers that are kept. */
export class RouteCache {
  readonly #now: () => number
  readonly #isOn: boolean
  readonly #kept = new Map<string, { made: Answer; endsAt: number }>()

  /** @param now milliseconds. @param isOn false: every answer is made anew. */
  constructor(now: () => number, isOn: boolean) {
    this.#now = now
    this.#isOn = isOn
  }

  /** The answer that is kept for a URL, or a new one. `max-age` says for how long it will be the same. */
  answer({ pathname, search }: URL, make: () => Answer): Answer {
    const seconds = LIFETIMES.find(([path]) => path.test(pathname))?.[1]
    if (!this.#isOn || seconds === undefined) return make()
    const now = this.#now()
    const kept = this.#kept.get(pathname + search)
    if (kept && kept.endsAt > now) return withMaxAge(kept.made, Math.ceil((kept.endsAt - now) / 1000))
    const made = make()
    if (made.status !== 200) return made
    this.#kept.set(pathname + search, { made, endsAt: now + seconds * 1000 })
    return withMaxAge(made, seconds)
  }

  /** A server that was started again has nothing. */
  clear(): void {
    this.#kept.clear()
  }
}

function withMaxAge(made: Answer, seconds: number): Answer {
  return { ...made, headers: { ...made.headers, 'cache-control': `max-age=${seconds}` } }
}
