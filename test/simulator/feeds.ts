/** @module The feed of comments: the newest of the instance, a video, a channel or an account. No comment has an id there. */
import { isOpen, type StoredComment } from './comments.ts'
import { ACCOUNTS, CHANNELS } from './people.ts'
import { type Answer, from, notFound } from './recorded-answers.ts'
import type { Asked, State } from './state.ts'
import type { ListedVideo } from './videos.ts'

const ITEMS = 20

type Head = { title: string; home_page_url: string; description?: string | null }
type Item = { comment: StoredComment; video: ListedVideo }

/** `/feeds/video-comments.json`; null: not asked for. */
export function commentFeed({ url }: Asked, state: State): Answer | null {
  if (url.pathname !== '/feeds/video-comments.json') return null
  const { world, self } = state
  const query = url.searchParams
  const key = query.get('videoId')
  const only = key === null ? undefined : world.find(key)
  if (key !== null && only?.privacy.label !== 'Public') return notFound('Video not found')
  const channel = query.get('videoChannelName')
  const account = query.get('accountName')
  const items: Item[] = []
  for (const comment of (only ? world.comments.of(only.uuid) : world.comments.all()).toReversed()) {
    const video = world.find(comment.videoUuid)
    if (video?.privacy.label !== 'Public' || !isOpen(comment)) continue
    if (channel !== null && video.channel.name !== channel) continue
    if (account !== null && video.account.name !== account) continue
    items.push({ comment, video })
    if (items.length === ITEMS) break
  }
  const head = only ? headOf(only) : channel === null ? null : headOfChannel(channel, self.origin)
  const { title, home_page_url, description, feed_url, icon, ...rest } = from('feed_comments_json')
    .body as Head & Record<string, unknown>
  const feed = {
    ...rest,
    ...(head ?? { title: self.name, home_page_url, description }),
    feed_url: self.origin + url.pathname + url.search,
    icon,
    items: items.map((item) => show(item, self.origin)),
  }
  return { ...from('feed_comments_json'), body: JSON.stringify(feed, null, 4) }
}

function headOf({ name, url, description }: ListedVideo): Head {
  return { title: name, home_page_url: url, description }
}

function headOfChannel(name: string, origin: string): Head {
  return { title: CHANNELS[name]?.displayName ?? name, home_page_url: `${origin}/c/${name}/videos` }
}

/** All replies of a thread have the same id, as recorded. */
function show({ comment, video }: Item, origin: string): object {
  const url = `${origin}/w/${video.shortUUID};threadId=${comment.threadId}`
  const author = ACCOUNTS[comment.by]
  return {
    id: url,
    content_html: `<p>${escapeHtml(comment.text)}</p>\n`,
    url,
    title: `${video.name} - ${author.displayName}`,
    date_modified: comment.createdAt,
    author: { name: author.displayName, url: author.url },
  }
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
