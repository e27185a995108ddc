/** @module How a saved feed looks in the API, and where it is read. */
import * as v from 'valibot'
import type { Feed } from '../db/feeds.ts'
import { feedUrls } from '../feeds/urls.ts'
import { decryptSecret } from '../secrets.ts'
import type { Deps } from '../workers/deps.ts'
import { Time } from './fields.ts'
import { ShownFilter } from './filter-fields.ts'
import { time } from './time.ts'

const Url = v.pipe(v.string(), v.url())

export const ShownFeed = v.strictObject({
  id: v.string(),
  owner: v.pipe(v.string(), v.description('The id of the user whose it is.')),
  name: v.string(),
  visibility: v.pipe(
    v.picklist(['public', 'private']),
    v.description(
      '`private`: its address is a secret, and it has what is private to its owner. `public`: neither.',
    ),
  ),
  slug: v.pipe(v.nullable(v.string()), v.description('In the address of a public one.')),
  mode: v.pipe(
    v.picklist(['subjects', 'events']),
    v.description(
      'An entry for each video, comment or notification, as it is by now; or an entry for each event.',
    ),
  ),
  filter: ShownFilter,
  urls: v.pipe(
    v.nullable(v.strictObject({ json: Url, atom: Url, rss: Url, txt: Url })),
    v.description(
      'Where it is read. Null: of a private one that is somebody else’s, or whose secret was revoked.',
    ),
  ),
  createdAt: Time,
  updatedAt: Time,
})

export const exampleFeed = {
  id: 'feed_9f86d081884c7d659a2feaa0',
  owner: 'usr_administrator',
  name: 'News of peertube.example',
  visibility: 'public',
  slug: 'news-of-peertube-example',
  mode: 'subjects',
  filter: { types: ['video.*'], instances: ['peertube.example'] },
  urls: {
    json: 'https://tubewire.example/feeds/news-of-peertube-example.json',
    atom: 'https://tubewire.example/feeds/news-of-peertube-example.atom',
    rss: 'https://tubewire.example/feeds/news-of-peertube-example.rss',
    txt: 'https://tubewire.example/feeds/news-of-peertube-example.txt',
  },
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:00.000Z',
} as const satisfies v.InferOutput<typeof ShownFeed>

/** What is in a feed's addresses, or null: it is private, and nobody's address leads there. */
export async function nameOf(
  { config }: Pick<Deps, 'config'>,
  { id, slug, secret }: Feed,
): Promise<string | null> {
  if (slug !== null || secret === null) return slug
  return decryptSecret(config.encryptionKeys, secret, id)
}

/** A feed as a viewer sees it: the addresses of a private one its owner only. */
export async function showFeed(
  deps: Pick<Deps, 'config'>,
  feed: Feed,
  { origin, viewerId }: { origin: string; viewerId: string },
): Promise<Omit<v.InferOutput<typeof ShownFeed>, 'filter'> & Pick<Feed, 'filter'>> {
  const isShown = feed.slug !== null || feed.ownerId === viewerId
  const name = isShown ? await nameOf(deps, feed) : null
  return {
    id: feed.id,
    owner: feed.ownerId,
    name: feed.name,
    visibility: feed.slug === null ? 'private' : 'public',
    slug: feed.slug,
    mode: feed.mode,
    filter: feed.filter,
    urls: name === null ? null : feedUrls(origin, name),
    createdAt: time(feed.createdAt),
    updatedAt: time(feed.updatedAt),
  }
}
