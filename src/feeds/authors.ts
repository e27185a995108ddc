/** @module Who an entry is by. */
import type { PublicEvent } from '../events/envelope.ts'
import { isFarewell } from '../events/facets.ts'
import { at, textAt } from '../events/read.ts'
import type { Story } from '../events/story.ts'
import { cut, oneLine, webUrl } from '../events/text.ts'
import { kindOf } from './content.ts'

/** `name` is not empty; the URLs are of the web. */
export type Author = { name: string; url: string | null; avatar: string | null }

const MAX_NAME_LENGTH = 100

/** A video's channel and account, a comment's account; of others, and of what does not tell, whom the story names. */
export function authorsOf(event: PublicEvent, story: Story): Author[] {
  const known = actorsOf(event)
    .map(authorOf)
    .filter((author) => author.name !== '')
  if (known.length > 0 || story.author === '') return known
  return [{ name: story.author, url: null, avatar: null }]
}

function actorsOf(event: PublicEvent): unknown[] {
  const { data } = event
  if (kindOf(event) === 'video') return [at(data, 'video', 'channel'), at(data, 'video', 'account')]
  // Of a comment that was deleted nobody is told who wrote it.
  return kindOf(event) === 'comment' && !isFarewell(event.type) ? [at(data, 'comment', 'account')] : []
}

function authorOf(actor: unknown): Author {
  const name = oneLine(textAt(actor, 'displayName')) || oneLine(textAt(actor, 'handle'))
  return {
    name: cut(name, MAX_NAME_LENGTH),
    url: webUrl(at(actor, 'url')),
    avatar: webUrl(at(actor, 'avatarUrl')),
  }
}
