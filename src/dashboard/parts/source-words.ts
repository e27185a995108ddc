/** @module A source in words: what of an instance it is, why it is read when, and what went wrong. */
import type { Schemas } from '../api.ts'
import { t } from '../texts/index.ts'

export type Source = Schemas['Source']

/** What of an instance a source reads. */
export function targetWords({ kind, target }: Pick<Source, 'kind' | 'target'>): string {
  const { channel, account, search, video, connection } = target
  const words = t.instances.targets
  if (kind === 'notifications') return words.notifications
  if (connection !== undefined) return kind === 'videos' ? words.subscriptions : words.ownComments
  if (search !== undefined) return words.search(searchWords(search))
  if (account !== undefined) return words.accountVideos(account)
  if (video !== undefined) return words.videoComments(video)
  if (channel !== undefined)
    return kind === 'videos' ? words.channelVideos(channel) : words.channelComments(channel)
  return words[kind]
}

function searchWords({ search, tagsOneOf, languageOneOf, categoryOneOf }: Search): string {
  const { parts } = t.instances.targets
  return [
    search === undefined ? '' : parts.search(search),
    tagsOneOf ? parts.tagsOneOf(tagsOneOf.join(', ')) : '',
    languageOneOf ? parts.languageOneOf(languageOneOf.join(', ')) : '',
    categoryOneOf ? parts.categoryOneOf(categoryOneOf.join(', ')) : '',
  ]
    .filter(Boolean)
    .join('; ')
}
type Search = NonNullable<Source['target']['search']>

/** Where a source can be looked at on its instance; null: nowhere in particular. */
export function targetUrl({ target }: Pick<Source, 'target'>, origin: string): string | null {
  const { channel, account, video } = target
  if (video !== undefined) return `${origin}/w/${encodeURIComponent(video)}`
  if (channel !== undefined) return `${origin}/c/${encodeURIComponent(channel)}/videos`
  return account === undefined ? null : `${origin}/a/${encodeURIComponent(account)}`
}

/** Why it is read when it is. A reason that is newer than this page is said in the API's words. */
export function reasonWords({ code, words }: Source['nextPollReason']): string {
  return textOf(t.instances.reasons, code) ?? words
}

/** How comments are read. */
export function methodWords({ code, words }: NonNullable<Source['method']>): string {
  return textOf(t.instances.methods, code) ?? words
}

/** What a failure means, and what to do; null: its kind is newer than this page. */
export function errorWords(kind: string): { what: string; todo: string } | null {
  return textOf(t.instances.errors, kind)
}

/** Of several sources the one that is read next, and when one was read last. */
export function timesOf(sources: readonly Source[]): { next: Source | null; lastReadAt: string | null } {
  // Times of the API compare as texts.
  const planned = sources.filter(({ nextPollAt }) => nextPollAt !== null)
  const byNext = planned.toSorted((a, b) => ((a.nextPollAt ?? '') < (b.nextPollAt ?? '') ? -1 : 1))
  const read = sources.flatMap(({ lastSuccessAt }) => lastSuccessAt ?? []).toSorted()
  return { next: byNext[0] ?? null, lastReadAt: read.at(-1) ?? null }
}

function textOf<TText>(texts: Readonly<Record<string, TText>>, code: string): TText | null {
  return Object.hasOwn(texts, code) ? (texts[code] ?? null) : null
}
