/** @module What really happened on the instance, written down by whoever made it happen. */
import type { Privacy } from '../simulator/labels.ts'

/** What lists show of what people edit. `thumbnail`: its path. */
export type Fields = {
  name: string
  description: string | null
  category: number | null
  licence: number | null
  language: string | null
  nsfw: boolean
  thumbnail: string
}
export type VideoState = {
  privacy: Privacy | 'gone'
  /** `on`: it can be watched now. `off`: it waits for its next time, or has ended for good. */
  live: 'none' | 'on' | 'off'
  /** ISO, as the instance gives it. */
  publishedAt: string
  fields: Fields
}
export type CommentState = { text: string; isHeld: boolean; isDeleted: boolean }
export type NotificationState = { read: boolean; isGone: boolean }

/** A state that began at that time, by our clock, and held until the next. */
export type Moment<TState> = TState & { at: number }

export type CommentHistory = { video: string; thread: number; moments: Moment<CommentState>[] }

/** Whether a list of videos shows it to everybody. */
export function isListed({ privacy, live }: VideoState): boolean {
  return privacy === 'public' && live !== 'off'
}

export class History {
  /** By UUID. */
  readonly videos = new Map<string, Moment<VideoState>[]>()
  /** By number. */
  readonly comments = new Map<number, CommentHistory>()
  readonly notifications = new Map<number, Moment<NotificationState>[]>()
  readonly versions: Moment<{ version: string }>[] = []
  /** Whether the instance misbehaved, or we were stopped. */
  readonly troubles: Moment<{ isTroubled: boolean }>[] = []
  /** For people: what was done, and of what. */
  readonly log: { at: number; subjects: string[]; what: string }[] = []
  readonly #now: () => number

  /** @param now our clock. */
  constructor(now: () => number) {
    this.#now = now
  }

  note(what: string, ...subjects: (string | number)[]): void {
    this.log.push({ at: this.#now(), subjects: subjects.map(String), what })
  }

  video(uuid: string, change: Partial<VideoState> | VideoState): void {
    const moments = this.videos.get(uuid) ?? []
    this.videos.set(uuid, moments)
    // The first change is the whole state.
    moments.push({ ...(moments.at(-1) as VideoState), ...change, at: this.#now() })
  }

  comment(id: number, change: Partial<CommentState>): void {
    const moments = this.comments.get(id)?.moments
    const last = moments?.at(-1)
    if (!moments || !last) throw new Error(`no comment ${id}`)
    moments.push({ ...last, ...change, at: this.#now() })
  }

  newComment(id: number, video: string, thread: number, state: CommentState): void {
    this.comments.set(id, { video, thread, moments: [{ ...state, at: this.#now() }] })
  }

  notification(id: number, state: NotificationState): void {
    const moments = this.notifications.get(id) ?? []
    this.notifications.set(id, moments)
    moments.push({ ...state, at: this.#now() })
  }

  version(version: string): void {
    this.versions.push({ version, at: this.#now() })
  }

  trouble(isTroubled: boolean): void {
    this.troubles.push({ isTroubled, at: this.#now() })
  }

  /** How a video is now. */
  videoNow(uuid: string): VideoState {
    const last = this.videos.get(uuid)?.at(-1)
    if (!last) throw new Error(`no video ${uuid}`)
    return last
  }

  /** The videos that are as wanted now. */
  videosNow(isWanted: (state: VideoState) => boolean): string[] {
    return [...this.videos.keys()].filter((uuid) => isWanted(this.videoNow(uuid)))
  }

  /** The comments that are as wanted now, on videos that are there. */
  commentsNow(isWanted: (state: CommentState, comment: CommentHistory) => boolean): number[] {
    return [...this.comments].flatMap(([id, comment]) => {
      const last = comment.moments.at(-1)
      if (!last || this.videoNow(comment.video).privacy === 'gone') return []
      return isWanted(last, comment) ? id : []
    })
  }
}
