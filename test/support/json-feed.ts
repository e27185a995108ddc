/** @module JSON Feed 1.1 as its specification has it, as a schema: nothing is in a feed that is not said here. https://www.jsonfeed.org/version/1.1/ */
import * as v from 'valibot'

const filled = v.pipe(v.string(), v.minLength(1))
const url = v.pipe(v.string(), v.regex(/^https?:\/\/\S+$/))
/** RFC 3339. */
const date = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/))

/** "If you provide an author object, then at least one is required." */
const author = v.pipe(
  v.strictObject({
    name: v.exactOptional(filled),
    url: v.exactOptional(url),
    avatar: v.exactOptional(url),
  }),
  v.check((given) => Object.keys(given).length > 0),
)

const attachment = v.strictObject({
  url,
  mime_type: v.pipe(v.string(), v.regex(/^[a-z]+\/[a-z0-9.+-]+$/)),
  title: v.exactOptional(filled),
  size_in_bytes: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  duration_in_seconds: v.exactOptional(v.pipe(v.number(), v.minValue(0))),
})

const item = v.pipe(
  v.strictObject({
    id: filled,
    url: v.exactOptional(url),
    external_url: v.exactOptional(url),
    title: v.exactOptional(filled),
    content_html: v.exactOptional(v.string()),
    content_text: v.exactOptional(v.string()),
    summary: v.exactOptional(filled),
    image: v.exactOptional(url),
    banner_image: v.exactOptional(url),
    date_published: v.exactOptional(date),
    date_modified: v.exactOptional(date),
    authors: v.exactOptional(v.array(author)),
    tags: v.exactOptional(v.array(filled)),
    language: v.exactOptional(v.pipe(v.string(), v.regex(/^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/))),
    attachments: v.exactOptional(v.array(attachment)),
    // "Custom objects": a name that begins with `_`, with no dot or space in it.
    _tubewire: v.strictObject({
      about: url,
      sensitive: v.nullable(v.boolean()),
      event: v.strictObject({
        id: filled,
        type: filled,
        timestamp: date,
        sequence: v.pipe(v.number(), v.integer()),
        instance: filled,
        data: v.unknown(),
      }),
    }),
  }),
  v.check((given) => 'content_html' in given || 'content_text' in given, 'one of them must be there'),
)

export const JsonFeed = v.strictObject({
  version: v.literal('https://jsonfeed.org/version/1.1'),
  title: filled,
  home_page_url: v.exactOptional(url),
  feed_url: v.exactOptional(url),
  description: v.exactOptional(filled),
  next_url: v.exactOptional(url),
  authors: v.exactOptional(v.array(author)),
  hubs: v.exactOptional(v.array(v.strictObject({ type: filled, url }))),
  items: v.pipe(
    v.array(item),
    v.check((items) => new Set(items.map(({ id }) => id)).size === items.length, 'ids are unique'),
  ),
})
