/** @module What exists on a simulated instance, and what people do there: publish, unlist, edit, like, delete, comment. */
import { randomBytes, randomUUID } from 'node:crypto'
import { recording } from './recordings.ts'

export type Privacy = 'public' | 'unlisted' | 'private'
const PRIVACIES = {
  public: { id: 1, label: 'Public' },
  unlisted: { id: 2, label: 'Unlisted' },
  private: { id: 3, label: 'Private' },
}

/** A video as lists show it. What is not named here is as in the recordings. */
export type ListedVideo = {
  id: number
  uuid: string
  shortUUID: string
  name: string
  description: string | null
  truncatedDescription: string | null
  privacy: { id: number; label: string }
  nsfw: boolean
  views: number
  likes: number
  createdAt: string
  updatedAt: string
  publishedAt: string
  account: { name: string }
  channel: { name: string }
  [field: string]: unknown
}

export type Comment = {
  id: number
  threadId: number
  inReplyToCommentId: number | null
  videoUuid: string
  text: string
  createdAt: string
}

export type PublishOptions = {
  name?: string
  description?: string
  channel?: string
  privacy?: Privacy
  /** ISO time; default: now. */
  publishedAt?: string
  nsfw?: boolean
}

/** What a script learns of a video that it made. */
export type Published = {
  uuid: string
  shortUUID: string
  id: number
  name: string
  publishedAt: string
  url: string
}

// The recordings' list of everything has this shape; conformance.test.ts compares.
const RECORDED = (recording('get_videos_include_admin').response.body as { data: ListedVideo[] }).data
const LISTED_ONLY = (recording('get_videos_local_newest_skipcount').response.body as { data: ListedVideo[] })
  .data

const MINUTE_MS = 60_000
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** The state of one instance. Times come from `now`. */
export class World {
  readonly videos: ListedVideo[] = []
  readonly comments: Comment[] = []
  readonly #origin: string
  readonly #now: () => number
  readonly #scheduled: { at: number; uuid: string }[] = []
  #nextId = 100

  /** @param count so many public videos, a minute apart back in time; null: the world of the recordings. */
  constructor(origin: string, now: () => number, count: number | null) {
    this.#origin = origin
    this.#now = now
    if (count === null) {
      for (const video of RECORDED) this.#insert(this.#recorded(video))
    } else {
      const newest = now() - MINUTE_MS
      for (let index = 0; index < count; index += 1) {
        const publishedAt = new Date(newest - index * MINUTE_MS).toISOString()
        // They come newest first: each belongs at the end, and finding that out a hundred thousand times is slow.
        this.videos.push(this.#make({ name: `Video ${count - index}`, publishedAt }))
      }
    }
  }

  /** Public videos, newest first. */
  listed(): ListedVideo[] {
    this.#publishScheduled()
    return this.#allPublic
      ? this.videos
      : this.videos.filter(({ privacy }) => privacy.id === PRIVACIES.public.id)
  }

  get #allPublic(): boolean {
    return this.#hidden === 0
  }
  #hidden = 0

  find(key: string): ListedVideo | undefined {
    this.#publishScheduled()
    return this.videos.find(
      ({ id, uuid, shortUUID }) => key === uuid || key === shortUUID || key === String(id),
    )
  }

  publish(options: PublishOptions = {}): Published {
    const video = this.#make(options)
    this.#insert(video)
    return this.#show(video)
  }

  publishMany(count: number): Published[] {
    return Array.from({ length: count }, () => this.publish())
  }

  /** A private video that becomes public by itself after `afterMs`. */
  schedule(afterMs: number, options: PublishOptions = {}): Published {
    const published = this.publish({ ...options, privacy: 'private' })
    this.#scheduled.push({ at: this.#now() + afterMs, uuid: published.uuid })
    return published
  }

  /** An unlisted video made public keeps its `publishedAt`; a private one gets a new one, as on the real server. */
  setPrivacy(uuid: string, privacy: Privacy): void {
    const video = this.#get(uuid)
    const wasPrivate = video.privacy.id === PRIVACIES.private.id
    this.#take(video)
    video.privacy = PRIVACIES[privacy]
    video.updatedAt = this.#iso()
    if (wasPrivate && privacy !== 'private') video.publishedAt = this.#iso()
    this.#insert(video)
  }

  edit(uuid: string, change: { name?: string; description?: string }): void {
    const video = this.#get(uuid)
    if (change.name !== undefined) video.name = change.name
    if (change.description !== undefined) {
      video.description = change.description
      video.truncatedDescription = change.description.slice(0, 250)
    }
    video.updatedAt = this.#iso()
  }

  /** Moves `updatedAt`, as on the real server: it is no edit. */
  like(uuid: string): void {
    const video = this.#get(uuid)
    video.likes += 1
    video.updatedAt = this.#iso()
  }

  view(uuid: string): void {
    this.#get(uuid).views += 1
  }

  remove(uuid: string): void {
    this.#take(this.#get(uuid))
  }

  /** For ties, and for clocks that lie. */
  setPublishedAt(uuid: string, publishedAt: string): void {
    const video = this.#get(uuid)
    this.#take(video)
    video.publishedAt = publishedAt
    this.#insert(video)
  }

  /** Does not move the video's `updatedAt`. @param parentId of a reply. */
  comment(videoUuid: string, text: string, parentId: number | null = null): Comment {
    this.#get(videoUuid)
    const id = this.#id()
    const parent = this.comments.find((comment) => comment.id === parentId)
    const comment = {
      id,
      threadId: parent?.threadId ?? id,
      inReplyToCommentId: parentId,
      videoUuid,
      text,
      createdAt: this.#iso(),
    }
    this.comments.push(comment)
    return comment
  }

  #get(uuid: string): ListedVideo {
    const video = this.find(uuid)
    if (!video) throw new Error(`the simulator has no video ${uuid}`)
    return video
  }

  /** Puts a video where its `publishedAt` belongs; of equals the later made comes first. */
  #insert(video: ListedVideo): void {
    let low = 0
    let high = this.videos.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.videos[middle]?.publishedAt ?? '') > video.publishedAt) low = middle + 1
      else high = middle
    }
    this.videos.splice(low, 0, video)
    if (video.privacy.id !== PRIVACIES.public.id) this.#hidden += 1
  }

  #take(video: ListedVideo): void {
    this.videos.splice(this.videos.indexOf(video), 1)
    if (video.privacy.id !== PRIVACIES.public.id) this.#hidden -= 1
  }

  #publishScheduled(): void {
    const due = this.#scheduled.filter(({ at }) => at <= this.#now())
    for (const entry of due) {
      this.#scheduled.splice(this.#scheduled.indexOf(entry), 1)
      this.setPrivacy(entry.uuid, 'public')
    }
  }

  #make(options: PublishOptions): ListedVideo {
    const id = this.#id()
    const now = this.#iso()
    const uuid = randomUUID()
    const picture = randomUUID()
    const [template] = LISTED_ONLY.filter(
      ({ channel }) => channel.name === (options.channel ?? 'alice_channel'),
    )
    if (!template) throw new Error(`the simulator has no channel ${options.channel}`)
    return {
      ...this.#recorded(template),
      id,
      uuid,
      shortUUID: Array.from(randomBytes(22), (byte) => ALPHABET[byte % ALPHABET.length]).join(''),
      url: `${this.#origin}/videos/watch/${uuid}`,
      name: options.name ?? `Video ${id}`,
      description: options.description ?? null,
      truncatedDescription: options.description?.slice(0, 250) ?? null,
      privacy: PRIVACIES[options.privacy ?? 'public'],
      nsfw: options.nsfw ?? false,
      views: 0,
      likes: 0,
      thumbnailPath: `/lazy-static/thumbnails/${picture}.jpg`,
      previewPath: `/lazy-static/previews/${picture}.jpg`,
      embedPath: `/videos/embed/${uuid}`,
      createdAt: now,
      updatedAt: now,
      publishedAt: options.publishedAt ?? now,
    }
  }

  /** A recorded video on this host. Lists don't show what only the list of everything does. */
  #recorded(video: ListedVideo): ListedVideo {
    const copy: ListedVideo = JSON.parse(
      JSON.stringify(video)
        .replaceAll('https://peertube.example', this.#origin)
        .replaceAll('peertube.example', new URL(this.#origin).host),
    )
    const [listed] = LISTED_ONLY
    if (listed) for (const field of Object.keys(copy)) if (!(field in listed)) delete copy[field]
    return copy
  }

  #show(video: ListedVideo): Published {
    const { uuid, shortUUID, id, name, publishedAt } = video
    return { uuid, shortUUID, id, name, publishedAt, url: `${this.#origin}/videos/watch/${uuid}` }
  }

  #iso(): string {
    return new Date(this.#now()).toISOString()
  }

  #id(): number {
    this.#nextId += 1
    return this.#nextId
  }
}
