/** @module The comments of a simulated instance, and what people do with them. */
import type { User } from './recordings.ts'

/** What a script learns of a comment. */
export type Comment = {
  id: number
  threadId: number
  /** Null: it began the thread. */
  inReplyToCommentId: number | null
  videoUuid: string
  text: string
  createdAt: string
}

/** A comment as it is kept. A tombstone has no text. */
export type StoredComment = Comment & {
  by: User
  updatedAt: string
  deletedAt: string | null
  /** It waits for a moderator. */
  isHeld: boolean
}

export type CommentOptions = {
  /** Default: bob. */
  by?: User
  /** It waits for a moderator: `approve`. */
  held?: boolean
  /** ISO time; default: now. */
  createdAt?: string
}

/** All comments, of all videos. Those that are there are in the order of their times. */
export class Comments {
  readonly #now: () => string
  readonly #nextId: () => number
  readonly #byId = new Map<number, StoredComment>()
  readonly #ofVideo = new Map<string, StoredComment[]>()
  readonly #replies = new Map<number, StoredComment[]>()
  #all: StoredComment[] = []

  /** @param now ISO time. */
  constructor(now: () => string, nextId: () => number) {
    this.#now = now
    this.#nextId = nextId
  }

  /** Oldest first, tombstones too. */
  all(): readonly StoredComment[] {
    return this.#all
  }

  /** Those of one video, oldest first, tombstones too. */
  of(videoUuid: string): readonly StoredComment[] {
    return this.#ofVideo.get(videoUuid) ?? []
  }

  /** What everybody counts: neither deleted nor held. */
  countOf(videoUuid: string): number {
    return this.of(videoUuid).filter(isOpen).length
  }

  /** Direct replies, oldest first. */
  repliesTo(id: number): readonly StoredComment[] {
    return this.#replies.get(id) ?? []
  }

  find(id: number): StoredComment | undefined {
    return this.#byId.get(id)
  }

  /** @param parentId of a reply. */
  add(videoUuid: string, text: string, parentId: number | null, options: CommentOptions = {}): Comment {
    const id = this.#nextId()
    const parent = parentId === null ? undefined : this.#get(parentId)
    const createdAt = options.createdAt ?? this.#now()
    const comment: StoredComment = {
      id,
      threadId: parent?.threadId ?? id,
      inReplyToCommentId: parentId,
      videoUuid,
      text,
      createdAt,
      by: options.by ?? 'bob',
      updatedAt: createdAt,
      deletedAt: null,
      isHeld: options.held ?? false,
    }
    this.put(comment)
    const { by, updatedAt, deletedAt, isHeld, ...shown } = comment
    return shown
  }

  /** Puts a comment where its time belongs. */
  put(comment: StoredComment): void {
    this.#byId.set(comment.id, comment)
    insert(this.#all, comment)
    insert(listIn(this.#ofVideo, comment.videoUuid), comment)
    if (comment.inReplyToCommentId !== null) {
      insert(listIn(this.#replies, comment.inReplyToCommentId), comment)
    }
  }

  edit(id: number, text: string): void {
    Object.assign(this.#get(id), { text, updatedAt: this.#now() })
  }

  /** A moderator lets it be seen. */
  approve(id: number): void {
    Object.assign(this.#get(id), { isHeld: false, updatedAt: this.#now() })
  }

  /** A reply without replies vanishes, and with it the tombstones that only it kept. All others become tombstones. */
  remove(id: number): void {
    const now = this.#now()
    const comment = this.#get(id)
    Object.assign(comment, { text: '', deletedAt: now, updatedAt: now })
    let last: StoredComment | undefined = comment
    while (last && last.deletedAt !== null && last.inReplyToCommentId !== null) {
      if (this.repliesTo(last.id).length > 0) return
      this.#drop(last)
      last = this.#byId.get(last.inReplyToCommentId)
    }
  }

  /** Its video was deleted. */
  removeOf(videoUuid: string): void {
    const gone = this.of(videoUuid)
    if (gone.length === 0) return
    for (const { id } of gone) {
      this.#byId.delete(id)
      this.#replies.delete(id)
    }
    this.#ofVideo.delete(videoUuid)
    this.#all = this.#all.filter((comment) => comment.videoUuid !== videoUuid)
  }

  #get(id: number): StoredComment {
    const comment = this.#byId.get(id)
    if (!comment) throw new Error(`the simulator has no comment ${id}`)
    return comment
  }

  #drop(comment: StoredComment): void {
    const { id, videoUuid, inReplyToCommentId } = comment
    this.#byId.delete(id)
    this.#replies.delete(id)
    take(this.#all, comment)
    take(listIn(this.#ofVideo, videoUuid), comment)
    if (inReplyToCommentId !== null) take(listIn(this.#replies, inReplyToCommentId), comment)
  }
}

/** Whether everybody sees it. */
export function isOpen({ deletedAt, isHeld }: StoredComment): boolean {
  return deletedAt === null && !isHeld
}

function isBefore(a: StoredComment, b: StoredComment): boolean {
  return a.createdAt === b.createdAt ? a.id < b.id : a.createdAt < b.createdAt
}

function insert(list: StoredComment[], comment: StoredComment): void {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = list[middle]
    if (other && isBefore(other, comment)) low = middle + 1
    else high = middle
  }
  list.splice(low, 0, comment)
}

function take(list: StoredComment[], comment: StoredComment): void {
  list.splice(list.indexOf(comment), 1)
}

function listIn<TKey>(lists: Map<TKey, StoredComment[]>, key: TKey): StoredComment[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}
