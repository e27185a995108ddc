/**
 * @module A status of Mastodon, and of what has its API: `POST /api/v1/statuses`. Who posts it is said by a header of the endpoint.
 * https://docs.joinmastodon.org/methods/statuses/#create
 */

import { type Story, tell } from '../../events/story.ts'
import { cutBy } from '../../events/text.ts'
import { json, type Writer } from './format.ts'

const MAX_LENGTH = 500
/** Mastodon counts every URL so, however long it is. */
const URL_LENGTH = 23
const MAX_TITLE = 150
const MAX_NAME = 60
const MAX_TAGS = 3
/** A tag of only digits is none. */
const TAG = /^(?=.*\p{L})[\p{L}\p{N}]{1,50}$/u
const LANGUAGE = /^[a-z]{2,3}$/
const WARNING = 'Sensitive'

export const mastodon: Writer = {
  one: (event, options) => {
    const story = tell(event, options)
    const { headers, body } = json({
      status: status(story),
      // What not everybody may know is seen by the account itself alone: nobody is mentioned.
      visibility: story.isPrivate ? 'direct' : 'unlisted',
      ...(LANGUAGE.test(story.language ?? '') ? { language: story.language } : {}),
      ...(story.isSensitive ? { sensitive: true, spoiler_text: WARNING } : {}),
    })
    return { headers: { ...headers, 'idempotency-key': event.id }, body }
  },
  greet: (text) => json({ status: text, visibility: 'direct' }),
  problem: (url) =>
    URL.parse(url)?.pathname.endsWith('/api/v1/statuses')
      ? null
      : 'must end with /api/v1/statuses, such as https://mastodon.example/api/v1/statuses',
}

/** What happened, by whom, what it says, where, and tags: as much of it as fits, the link first. */
function status(story: Story): string {
  const title = harmless(story.title, MAX_TITLE)
  const author = harmless(story.author, MAX_NAME)
  const headline = harmless(story.headline, MAX_TITLE)
  const where = [author, harmless(story.instance, MAX_NAME)].filter((part) => part !== '').join(', ')
  const head = `${title === '' ? headline : `${headline}: ${title}`} (${where})`
  const warning = story.isSensitive ? WARNING.length : 0
  const link = story.url === null ? 0 : URL_LENGTH + 2
  let left = MAX_LENGTH - lengthOf(head) - warning - link
  const tags = story.tags
    .filter((tag) => TAG.test(tag))
    .slice(0, MAX_TAGS)
    .map((tag) => `#${tag}`)
    .join(' ')
  const hasTags = tags !== '' && tags.length + 2 <= left
  if (hasTags) left -= tags.length + 2
  const text = harmless(story.text, left - 2)
  return [head, text, story.url === null ? '' : inert(story.url), hasTags ? tags : '']
    .filter((part) => part !== '')
    .join('\n\n')
}

/** A text that mentions nobody and has no tags, of no more than counts as `limit`. */
function harmless(text: string, limit: number): string {
  return cutBy(lengthOf, text.replace(/[@#＠＃]/g, '$&\u200b'), limit)
}

/** An upper bound of what Mastodon counts: a short URL counts more than it has. */
function lengthOf(text: string): number {
  return text.length + URL_LENGTH * (text.match(/https?:\/\//gi)?.length ?? 0)
}

/** A URL in which Mastodon finds neither a mention nor a tag: it looks for them in URLs, too. */
function inert(url: string): string {
  return url.replace(/#.*$/, '').replaceAll('@', '%40')
}
