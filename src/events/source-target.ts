/** @module Which part of an instance a source reads, as the text that its row has. */

/** What of an instance's videos: all of its own, one channel's or account's, what a search finds, or a connection's subscriptions. */
export type VideosTarget =
  | { kind: 'local' }
  | { kind: 'channel' | 'account'; name: string }
  | { kind: 'search'; query: SearchQuery }
  | { kind: 'subscriptions'; connectionId: string }

/** A search in PeerTube's words. */
type SearchQuery = {
  search?: string | undefined
  tagsOneOf?: string[] | undefined
  languageOneOf?: string[] | undefined
  categoryOneOf?: number[] | undefined
}

/** What of an instance's comments: all, those that a connection may see, or, closely, one video's or one channel's. */
export type CommentsTarget =
  | { kind: 'all' }
  | { kind: 'connection'; connectionId: string }
  | { kind: 'video' | 'channel'; name: string }

/** The text of a target: the same target always has the same. */
export function targetText(target: VideosTarget | CommentsTarget): string {
  switch (target.kind) {
    case 'local':
    case 'all':
      return ''
    case 'search': {
      const { search, tagsOneOf, languageOneOf, categoryOneOf } = target.query
      const sorted = {
        search,
        tagsOneOf: tagsOneOf?.toSorted(),
        languageOneOf: languageOneOf?.toSorted(),
        categoryOneOf: categoryOneOf?.toSorted((a, b) => a - b),
      }
      return `search:${JSON.stringify(sorted)}`
    }
    case 'subscriptions':
    case 'connection':
      return `${target.kind}:${target.connectionId}`
    default:
      return `${target.kind}:${target.name}`
  }
}

/** The target that a text of `targetText` says. */
export function videosTarget(text: string): VideosTarget {
  const [kind, rest] = split(text)
  if (kind === 'channel' || kind === 'account') return { kind, name: rest }
  if (kind === 'subscriptions') return { kind, connectionId: rest }
  // Only `targetText` writes such rows.
  if (kind === 'search') return { kind, query: JSON.parse(rest) as SearchQuery }
  return { kind: 'local' }
}

/** The same, of a source of comments. */
export function commentsTarget(text: string): CommentsTarget {
  const [kind, rest] = split(text)
  if (kind === 'connection') return { kind, connectionId: rest }
  if (kind === 'video' || kind === 'channel') return { kind, name: rest }
  return { kind: 'all' }
}

function split(text: string): [string, string] {
  const colon = text.indexOf(':')
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
}
