/** @module A video as lists show it, and how one is made: like the recorded ones, on this host. */
import { randomUUID } from 'node:crypto'
import { category, type Labelled, language, licence, PRIVACIES, type Privacy } from './labels.ts'
import { recording } from './recordings.ts'
import { shortUuid } from './short-uuid.ts'

/** A video as lists show it. What is not named here is as in the recordings. */
export type ListedVideo = {
  id: number
  uuid: string
  shortUUID: string
  url: string
  name: string
  /** Cut, as in lists: the whole one is in its details. */
  description: string | null
  truncatedDescription: string | null
  privacy: Labelled
  category: Labelled<number | null>
  licence: Labelled<number | null>
  language: Labelled<string | null>
  nsfw: boolean
  isLive: boolean
  duration: number
  views: number
  likes: number
  thumbnailPath: string
  previewPath: string
  createdAt: string
  updatedAt: string
  publishedAt: string
  account: { name: string }
  channel: { name: string }
  [field: string]: unknown
}

export type PublishOptions = {
  name?: string
  description?: string
  channel?: string
  privacy?: Privacy
  /** ISO time; default: now. */
  publishedAt?: string
  nsfw?: boolean
  tags?: string[]
  /** As BCP 47. */
  language?: string
  /** PeerTube's number. */
  category?: number
  /** Seconds. */
  duration?: number
}

/** What people edit. Null: taken away. */
export type Edit = {
  name?: string
  description?: string | null
  category?: number | null
  licence?: number | null
  language?: string | null
  nsfw?: boolean
  tags?: string[]
  /** A new picture. */
  thumbnail?: true
}

// The recordings' list of everything has this shape; conformance.test.ts compares.
const EVERYTHING = (recording('get_videos_include_admin').response.body as { data: ListedVideo[] }).data
const LISTED_ONLY = (recording('get_videos_local_newest_skipcount').response.body as { data: ListedVideo[] })
  .data
const FIELDS = Object.keys(LISTED_ONLY[0] ?? {})
const LONGEST_IN_LISTS = 250

/** The recorded videos on this host. Lists don't show what only the list of everything does. */
export function recordedVideos(origin: string): ListedVideo[] {
  return onHost(EVERYTHING, origin).map(
    // All fields of one that lists show.
    (video) => Object.fromEntries(FIELDS.map((field) => [field, video[field]])) as ListedVideo,
  )
}

/** Makes videos of an instance. */
export class VideoMaker {
  readonly #origin: string
  readonly #templates: ListedVideo[]

  constructor(origin: string) {
    this.#origin = origin
    this.#templates = onHost(LISTED_ONLY, origin)
  }

  /** @param now ISO time. */
  make(id: number, now: string, options: PublishOptions): ListedVideo {
    const channel = options.channel ?? 'alice_channel'
    const template = this.#templates.find((one) => one.channel.name === channel)
    if (!template) throw new Error(`the simulator has no channel ${channel}`)
    const uuid = randomUUID()
    return {
      ...template,
      id,
      uuid,
      shortUUID: shortUuid(uuid),
      url: `${this.#origin}/videos/watch/${uuid}`,
      name: options.name ?? `Video ${id}`,
      ...describe(options.description ?? null),
      privacy: PRIVACIES[options.privacy ?? 'public'],
      ...(options.category === undefined ? {} : { category: category(options.category) }),
      ...(options.language === undefined ? {} : { language: language(options.language) }),
      duration: options.duration ?? template.duration,
      nsfw: options.nsfw ?? false,
      views: 0,
      likes: 0,
      ...pictures(),
      embedPath: `/videos/embed/${uuid}`,
      createdAt: now,
      updatedAt: now,
      publishedAt: options.publishedAt ?? now,
    }
  }
}

/** Edits what lists show. */
export function edit(video: ListedVideo, change: Edit): void {
  if (change.name !== undefined) video.name = change.name
  if (change.description !== undefined) Object.assign(video, describe(change.description))
  if (change.category !== undefined) video.category = category(change.category)
  if (change.licence !== undefined) video.licence = licence(change.licence)
  if (change.language !== undefined) video.language = language(change.language)
  if (change.nsfw !== undefined) video.nsfw = change.nsfw
  if (change.thumbnail) Object.assign(video, pictures())
}

/** Lists cut descriptions. */
function describe(text: string | null): Pick<ListedVideo, 'description' | 'truncatedDescription'> {
  const short = text && text.length > LONGEST_IN_LISTS ? `${text.slice(0, LONGEST_IN_LISTS - 3)}...` : text
  return { description: short, truncatedDescription: short }
}

function pictures(): Pick<ListedVideo, 'thumbnailPath' | 'previewPath'> {
  const picture = randomUUID()
  return {
    thumbnailPath: `/lazy-static/thumbnails/${picture}.jpg`,
    previewPath: `/lazy-static/previews/${picture}.jpg`,
  }
}

function onHost<TValue>(recorded: TValue, origin: string): TValue {
  return JSON.parse(
    JSON.stringify(recorded)
      .replaceAll('https://peertube.example', origin)
      .replaceAll('peertube.example', new URL(origin).host),
  )
}
