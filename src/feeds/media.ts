/** @module The pictures and the player of an entry, by Media RSS, which Atom takes too. https://www.rssboard.org/media-rss */
import type { MediaNs } from 'feedsmith'
import type { Entry } from './entry.ts'

/** Events know no files of a video: its content is the page that plays it. */
export function mediaOf({ player, image, isSensitive }: Entry): MediaNs.ItemOrFeed<true> {
  return {
    ...(player === null ? {} : { contents: [contentOf(player)], player: { url: player.url } }),
    ...(image === null ? {} : { thumbnails: [{ url: image }] }),
    ...(isSensitive === null
      ? {}
      : { ratings: [{ scheme: 'urn:simple', value: isSensitive ? 'adult' : 'nonadult' }] }),
  }
}

function contentOf({ url, duration }: NonNullable<Entry['player']>): MediaNs.Content<true> {
  return { url, type: 'text/html', medium: 'video', ...(duration === null ? {} : { duration }) }
}
