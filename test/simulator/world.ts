/** @module What exists on a simulated instance, and what people do there: publish, unlist, edit, stream, like, delete, comment. */
import { type Comment, type CommentOptions, Comments } from './comments.ts'
import { PRIVACIES, type Privacy, STATES } from './labels.ts'
import { recordedComments } from './recorded-comments.ts'
import { recording, type User } from './recordings.ts'
import { type Details, Shelf } from './shelf.ts'
import {
  type Edit,
  edit,
  type ListedVideo,
  type PublishOptions,
  recordedVideos,
  VideoMaker,
} from './videos.ts'

/** What a script learns of a video that it made. */
export type Published = {
  uuid: string
  shortUUID: string
  id: number
  name: string
  publishedAt: string
  url: string
}

/** Of many comments: below which one, or each below the one before. */
export type BulkOptions = CommentOptions & { parentId?: number; nested?: boolean }

const MINUTE_MS = 60_000

/** The state of one instance. Times come from `now`. */
export class World {
  readonly comments: Comments
  readonly #now: () => number
  readonly #maker: VideoMaker
  readonly #shelf = new Shelf()
  readonly #subscriptions = new Map<User, Set<string>>()
  #scheduled: { at: number; uuid: string }[] = []
  #nextId = 100

  /** @param count so many public videos, a minute apart back in time; null: the world of the recordings. */
  constructor(origin: string, now: () => number, count: number | null) {
    this.#now = now
    this.#maker = new VideoMaker(origin)
    this.comments = new Comments(
      () => this.#iso(),
      () => this.#id(),
    )
    if (count === null) this.#record(origin)
    else this.#fill(count)
  }

  /** Public videos that are there to be watched, newest first. */
  listed(): ListedVideo[] {
    this.#publishScheduled()
    return this.#shelf.listed()
  }

  /** By UUID, short UUID or number. */
  find(key: string): ListedVideo | undefined {
    this.#publishScheduled()
    return this.#shelf.find(key)
  }

  details(video: ListedVideo): Details {
    return this.#shelf.details(video)
  }

  publish(options: PublishOptions = {}): Published {
    return this.#publish(options, false)
  }

  /** A millisecond apart, the last one now: pages of a list end where one expects it only when dates differ. */
  publishMany(count: number): Published[] {
    const first = this.#now() - count + 1
    return Array.from({ length: count }, (_, index) =>
      this.publish({ publishedAt: new Date(first + index).toISOString() }),
    )
  }

  /** A private video that becomes public by itself after `afterMs`. */
  schedule(afterMs: number, options: PublishOptions = {}): Published {
    const published = this.publish({ ...options, privacy: 'private' })
    this.#scheduled.push({ at: this.#now() + afterMs, uuid: published.uuid })
    return published
  }

  /** An unlisted video made public keeps its `publishedAt`; a private one gets a new one, as on the real server. */
  setPrivacy(uuid: string, privacy: Privacy): void {
    this.#move(uuid, (video) => {
      const wasPrivate = video.privacy.id === PRIVACIES.private.id
      video.privacy = PRIVACIES[privacy]
      video.updatedAt = this.#iso()
      if (wasPrivate && privacy !== 'private') video.publishedAt = this.#iso()
    })
  }

  /** @returns the path of its thumbnail. */
  edit(uuid: string, change: Edit): string {
    const video = this.#get(uuid)
    edit(video, change)
    const { tags, description } = change
    if (tags !== undefined) this.#shelf.setDetails(video, { tags })
    if (description !== undefined) this.#shelf.setDetails(video, { description })
    video.updatedAt = this.#iso()
    return video.thumbnailPath
  }

  /** A live that is on. */
  startLive(options: PublishOptions = {}): Published {
    return this.#publish(options, true)
  }

  /** With a replay it becomes a video; a permanent one waits for the next time, without replay. Both others leave the lists. */
  endLive(
    uuid: string,
    { replay = false, permanent = false }: { replay?: boolean; permanent?: boolean },
  ): void {
    this.#move(uuid, (video) => {
      video.updatedAt = this.#iso()
      if (permanent) this.#shelf.setDetails(video, { state: STATES.waitingForLive })
      else if (replay) video.isLive = false
      else this.#shelf.setDetails(video, { state: STATES.liveEnded })
    })
  }

  /** A permanent live is on again, as if it were published just now. */
  restartLive(uuid: string): void {
    this.#move(uuid, (video) => {
      this.#shelf.setDetails(video, { state: STATES.published })
      video.updatedAt = this.#iso()
      video.publishedAt = this.#iso()
    })
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

  /** Its comments go with it. */
  remove(uuid: string): void {
    const video = this.#get(uuid)
    this.#shelf.remove(video)
    this.comments.removeOf(video.uuid)
  }

  /** For ties, and for clocks that lie. */
  setPublishedAt(uuid: string, publishedAt: string): void {
    this.#move(uuid, (video) => {
      video.publishedAt = publishedAt
    })
  }

  /** Does not move the video's `updatedAt`. @param parentId of a reply. */
  comment(videoUuid: string, text: string, parentId: number | null, options?: CommentOptions): Comment {
    return this.comments.add(this.#get(videoUuid).uuid, text, parentId, options)
  }

  /** Many at once; each begins a thread unless it is said otherwise. @returns how many. */
  commentMany(videoUuid: string, count: number, { parentId, nested, ...options }: BulkOptions): number {
    let parent = parentId ?? null
    for (let index = 0; index < count; index += 1) {
      const { id } = this.comment(videoUuid, `Comment ${index + 1}`, parent, options)
      if (nested) parent = id
    }
    return count
  }

  subscribe(user: User, channel: string): void {
    this.#subscriptions.set(user, this.subscriptionsOf(user).add(channel))
  }

  /** Names of channels. */
  subscriptionsOf(user: User): Set<string> {
    return new Set(this.#subscriptions.get(user))
  }

  /** The world of the recordings. */
  #record(origin: string): void {
    // Recorded with tags.
    const { tags } = recording('get_video').response.body as Details
    for (const video of recordedVideos(origin)) {
      this.#shelf.setDetails(video, { tags })
      this.#shelf.put(video)
    }
    for (const comment of recordedComments()) this.comments.put(comment)
    this.subscribe('bob', 'alice_channel')
    this.subscribe('carol', 'alice_channel')
  }

  #fill(count: number): void {
    const newest = this.#now() - MINUTE_MS
    for (let index = 0; index < count; index += 1) {
      const publishedAt = new Date(newest - index * MINUTE_MS).toISOString()
      const options = { name: `Video ${count - index}`, publishedAt }
      this.#shelf.putLast(this.#maker.make(this.#id(), this.#iso(), options))
    }
  }

  #get(uuid: string): ListedVideo {
    const video = this.find(uuid)
    if (!video) throw new Error(`the simulator has no video ${uuid}`)
    return video
  }

  #publish(options: PublishOptions, isLive: boolean): Published {
    const video = this.#maker.make(this.#id(), this.#iso(), options)
    if (isLive) Object.assign(video, { isLive, duration: 0 })
    const { tags = [], description = null } = options
    this.#shelf.setDetails(video, { tags, description })
    this.#shelf.put(video)
    const { uuid, shortUUID, id, name, publishedAt, url } = video
    return { uuid, shortUUID, id, name, publishedAt, url }
  }

  #move(uuid: string, change: (video: ListedVideo) => void): void {
    const video = this.#get(uuid)
    this.#shelf.move(video, () => change(video))
  }

  #publishScheduled(): void {
    const now = this.#now()
    const due = this.#scheduled.filter(({ at }) => at <= now)
    if (due.length === 0) return
    // Taken out before anything is done with them: whatever looks a video up comes here again.
    this.#scheduled = this.#scheduled.filter(({ at }) => at > now)
    for (const { uuid } of due) {
      // It may have been deleted before its time.
      if (this.#shelf.find(uuid)) this.setPrivacy(uuid, 'public')
    }
  }

  #iso(): string {
    return new Date(this.#now()).toISOString()
  }

  #id(): number {
    this.#nextId += 1
    return this.#nextId
  }
}
