/** @module The videos of an instance in the order of their times, found by any of their keys. */
import { type Labelled, PRIVACIES, STATES } from './labels.ts'
import type { ListedVideo } from './videos.ts'

/** What lists don't show. */
export type Details = { description: string | null; tags: string[]; state: Labelled }

export class Shelf {
  readonly #videos: ListedVideo[] = []
  readonly #byKey = new Map<string, ListedVideo>()
  /** Only what is not as usual: there may be a hundred thousand videos. */
  readonly #details = new Map<string, Partial<Details>>()
  #hidden = 0

  /** Public videos that are there to be watched, newest first. */
  listed(): ListedVideo[] {
    return this.#hidden === 0 ? this.#videos : this.#videos.filter((video) => this.#isListed(video))
  }

  /** By UUID, short UUID or number. */
  find(key: string): ListedVideo | undefined {
    return this.#byKey.get(key)
  }

  details({ uuid, description: shown }: ListedVideo): Details {
    const { description = shown, tags = [], state = STATES.published } = this.#details.get(uuid) ?? {}
    return { description, tags, state }
  }

  /** To be called before the video is put, or in a move. */
  setDetails({ uuid }: ListedVideo, change: Partial<Details>): void {
    this.#details.set(uuid, { ...this.#details.get(uuid), ...change })
  }

  put(video: ListedVideo): void {
    this.#insert(video)
    this.#index(video)
  }

  /** One that is older than all: finding that out a hundred thousand times is slow. */
  putLast(video: ListedVideo): void {
    this.#videos.push(video)
    this.#index(video)
  }

  /** Changes what says where in which lists a video is. */
  move(video: ListedVideo, change: () => void): void {
    this.#take(video)
    change()
    this.#insert(video)
  }

  remove(video: ListedVideo): void {
    this.#take(video)
    for (const key of keysOf(video)) this.#byKey.delete(key)
    this.#details.delete(video.uuid)
  }

  /** Puts a video where its `publishedAt` belongs; of equals the later made comes first. */
  #insert(video: ListedVideo): void {
    let low = 0
    let high = this.#videos.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#videos[middle]?.publishedAt ?? '') > video.publishedAt) low = middle + 1
      else high = middle
    }
    this.#videos.splice(low, 0, video)
    if (!this.#isListed(video)) this.#hidden += 1
  }

  #take(video: ListedVideo): void {
    this.#videos.splice(this.#videos.indexOf(video), 1)
    if (!this.#isListed(video)) this.#hidden -= 1
  }

  #index(video: ListedVideo): void {
    for (const key of keysOf(video)) this.#byKey.set(key, video)
  }

  #isListed({ uuid, privacy }: ListedVideo): boolean {
    const state = this.#details.get(uuid)?.state ?? STATES.published
    return privacy.id === PRIVACIES.public.id && state.id === STATES.published.id
  }
}

function keysOf({ uuid, shortUUID, id }: ListedVideo): string[] {
  return [uuid, shortUUID, String(id)]
}
