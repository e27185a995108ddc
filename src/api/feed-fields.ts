/** @module What is asked of feeds in requests: the name in an address, and what may be public. */
import * as v from 'valibot'
import { CATALOGUE } from '../events/catalogue.ts'
import type { Filter } from '../events/filter.ts'
import { EVENT_TYPES, typesLike } from '../events/types.ts'
import { text } from './fields.ts'

/** Addresses of feeds that nobody saved. */
const RESERVED = ['events']
const LONGEST_SLUG = 64

/** No underscore: secrets have one, so that neither is taken for the other. */
export const Slug = v.pipe(
  text(LONGEST_SLUG),
  v.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case letters, digits, and single hyphens in between'),
  v.check((slug) => !RESERVED.includes(slug), 'must not be "events": that is the feed of any events'),
  v.description('Its name in the address of a public feed; made of the name when it is left out.'),
)

/** Whether a text can be a slug at all: what can't costs no query. */
export function isSlug(sent: string): boolean {
  return v.is(Slug, sent)
}

/** A slug like a name: its letters and digits without their marks; `feed` when it has none of these. */
function slugLike(name: string): string {
  const words =
    name
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? []
  const slug = words.join('-').slice(0, 40).replace(/-+$/, '')
  if (slug === '') return 'feed'
  return RESERVED.includes(slug) ? `${slug}-feed` : slug
}

/** Makes what has a slug with one like its name, and with a longer one when that is taken. */
export async function withFreeSlug<TMade>(
  name: string,
  make: (slug: string) => Promise<TMade | 'slug-taken'>,
): Promise<TMade | 'slug-taken'> {
  const slug = slugLike(name)
  const made = await make(slug)
  return made === 'slug-taken' ? make(`${slug}-${crypto.randomUUID().slice(0, 8)}`) : made
}

/** The types that a filter names which only their owner ever sees, or `notificationKinds`. */
export function privateParts({ types = [], notificationKinds }: Filter): string[] {
  const isPrivate = (type: string) =>
    typesLike(type).every((one) => {
      const known = EVENT_TYPES.find((known) => known === one)
      return known !== undefined && CATALOGUE[known].from !== 'public'
    })
  return [
    ...types.filter((type) => type !== '*' && isPrivate(type)),
    ...(notificationKinds ? ['notificationKinds'] : []),
  ]
}
