/** @module /api/v1/feeds: feeds that are saved. What is read of them: feed-documents.ts. */
import * as v from 'valibot'
import {
  changedFeed,
  deleteFeed,
  FEED_SORTS,
  type Feed,
  type FeedChanges,
  findFeed,
  insertFeed,
  listFeeds,
  updateFeed,
} from '../db/feeds.ts'
import { newId } from '../db/id.ts'
import type { Filter } from '../events/filter.ts'
import { encryptSecret } from '../secrets.ts'
import { digest, newFeedSecret } from '../tokens.ts'
import type { Deps } from '../workers/deps.ts'
import { auditOf } from './audit-entry.ts'
import { privateParts, Slug, withFreeSlug } from './feed-fields.ts'
import { exampleFeed, ShownFeed, showFeed } from './feed-view.ts'
import { idParams, list, listQuery, Owner, text } from './fields.ts'
import { completed, FilterChanges, FilterInput, IN_FILTER, mergedFilter } from './filter-fields.ts'
import { answerList, listQueryOf, ownerOf } from './lists.ts'
import { created, type Input, isOperator, noContent, ok, operation, userOf } from './operation.ts'
import { full, invalidParams, notFound, Problem, shutOut } from './problem.ts'
import {
  changedMeanwhile,
  changesAnything,
  checkIfMatch,
  notRemoved,
  revisionFor,
} from './request/conditional.ts'
import { invalid, withHints } from './request/validate.ts'

/** How many somebody may have, by his role: an event may be written into them all. */
const MOST_FEEDS = { User: 50, Moderator: 200, Administrator: 1_000 } as const

const params = idParams('feed', 'a feed')
const one = { description: 'The feed.', schema: ShownFeed, example: exampleFeed }

const Name = v.pipe(
  text(100),
  v.check((value) => value.trim() !== '', 'must not be empty'),
  v.description('Its title.'),
)
const Visibility = v.pipe(
  v.picklist(['public', 'private'], 'must be public or private'),
  v.description('`private`: its address has a secret, and it has your notifications, too.'),
)
const Mode = v.pipe(
  v.picklist(['subjects', 'events'], 'must be subjects or events'),
  v.description(
    'An entry for each video, comment or notification, which is changed and taken out with it; or an entry for each event.',
  ),
)

export const feedOperations = [
  operation({
    id: 'getFeeds',
    method: 'GET',
    path: '/api/v1/feeds',
    tag: 'Feeds',
    summary: 'List feeds',
    query: v.strictObject({ ...listQuery(FEED_SORTS), owner: Owner }),
    answers: {
      200: {
        description: 'A page of feeds.',
        schema: list(ShownFeed),
        example: { total: 1, data: [exampleFeed] },
      },
    },
    async handle(input) {
      const { query, deps, reach } = input
      const owner = ownerOf(query.owner, userOf(input).id, reach)
      const read = async () => {
        const { rows, ...page } = await listFeeds(deps.env.DB, owner, listQueryOf(query))
        return { ...page, rows: await Promise.all(rows.map((feed) => show(input, feed))) }
      }
      return answerList(read, (shown) => shown)
    },
  }),
  operation({
    id: 'addFeed',
    method: 'POST',
    path: '/api/v1/feeds',
    tag: 'Feeds',
    summary: 'Make a feed',
    description:
      'It begins with what the log has of what fits its filter, and goes on with what comes. A public one has nothing private, whatever its filter says; subscribers of the hub are sent it with each event that changes it.',
    body: withHints(
      v.strictObject({
        name: Name,
        visibility: v.optional(Visibility, 'public'),
        slug: v.optional(Slug),
        mode: v.optional(Mode, 'subjects'),
        filter: v.optional(FilterInput, {}),
      }),
      IN_FILTER,
    ),
    example: { name: exampleFeed.name, filter: exampleFeed.filter },
    answers: { 201: { ...one, headers: { Location: 'Its path.' } } },
    problems: ['slug_taken', 'too_many', 'owner_shut_out', 503],
    async handle(input) {
      const { body, deps } = input
      const { id: ownerId, role } = userOf(input)
      const filter = completed(body.filter)
      refuseOpen(body.visibility, filter)
      refuseSlug(body.visibility, body.slug)
      const id = newId('feed')
      const isPublic = body.visibility === 'public'
      const address = isPublic ? PUBLIC : await newSecret(deps, id)
      const most = MOST_FEEDS[role]
      const feed = {
        id,
        ownerId,
        name: body.name,
        ...address,
        mode: body.mode,
        filter,
        createdAt: deps.clock(),
      }
      const make = (slug: string | null) =>
        insertFeed(deps.env.DB, { ...feed, slug }, auditOf(input, id), {
          most,
          evenShutOut: isOperator(input),
        })
      const made = isPublic ? await withSlug(body, make) : await make(null)
      if (made === 'full') throw full('feeds', most)
      if (made === 'owner-shut-out') throw shutOut(ownerId)
      refuse(made)
      return created(`/api/v1/feeds/${id}`, await show(input, made))
    },
  }),
  operation({
    id: 'getFeed',
    method: 'GET',
    path: '/api/v1/feeds/:id',
    tag: 'Feeds',
    summary: 'One feed',
    params,
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      return ok(await show(input, await reachable(input)))
    },
  }),
  operation({
    id: 'patchFeed',
    method: 'PATCH',
    path: '/api/v1/feeds/:id',
    tag: 'Feeds',
    summary: 'Change a feed',
    description:
      'With another filter or mode it has what fits by then. One that is made private, or is given another slug, has another address: the one before leads nowhere, and its subscribers of the hub are told so.',
    params,
    bodyType: 'merge-patch',
    body: withHints(
      v.strictObject({
        name: v.optional(Name),
        visibility: v.optional(Visibility),
        slug: v.optional(Slug),
        mode: v.optional(Mode),
        filter: v.optional(FilterChanges),
      }),
      IN_FILTER,
    ),
    example: { filter: { languages: ['en'], instances: null } },
    answers: { 200: one },
    problems: [404, 409, 412, 'slug_taken', 503],
    async handle(input) {
      const { body, deps, request } = input
      const feed = await reachable(input)
      await checkIfMatch(request, await show(input, feed))
      const filter = completed(mergedFilter(feed.filter, body.filter ?? {}))
      const before = feed.slug === null ? 'private' : 'public'
      const visibility = body.visibility ?? before
      refuseOpen(visibility, filter)
      refuseSlug(visibility, body.slug)
      const name = body.name ?? feed.name
      const changes = { name, mode: body.mode, filter, slug: body.slug }
      const change = (more: FeedChanges) => tryChange(input, feed, { ...changes, ...more })
      let changed: Feed | 'slug-taken' | 'busy'
      if (visibility === before) changed = await change({})
      else if (visibility === 'private')
        changed = await change({ slug: null, ...(await newSecret(deps, feed.id)) })
      else changed = await withSlug({ name, slug: body.slug }, (slug) => change({ slug, ...PUBLIC }))
      refuse(changed)
      return ok(await show(input, changed))
    },
  }),
  operation({
    id: 'delFeed',
    method: 'DELETE',
    path: '/api/v1/feeds/:id',
    tag: 'Feeds',
    summary: 'Remove a feed',
    description: 'Its address leads nowhere from now on.',
    params,
    answers: { 204: { description: 'It is gone.' } },
    problems: [404, 412],
    async handle(input) {
      const { deps, request } = input
      const feed = await reachable(input)
      await checkIfMatch(request, await show(input, feed))
      const audit = auditOf(input, feed.id)
      if (!(await deleteFeed(deps.env.DB, feed.id, revisionFor(request, feed), deps.clock(), audit)))
        throw notRemoved(request, `feed ${feed.id}`)
      return noContent
    },
  }),
  operation({
    id: 'rotateFeedSecret',
    method: 'POST',
    path: '/api/v1/feeds/:id/rotate-secret',
    tag: 'Feeds',
    summary: 'Give a private feed a new address',
    description: 'The one before leads nowhere from now on. One whose address was revoked has one again.',
    params,
    answers: { 200: one },
    problems: [404, 409, 412],
    async handle(input) {
      const feed = await reachable(input)
      await checkIfMatch(input.request, await show(input, feed))
      refusePublic(feed)
      const changed = await changeFeed(input, feed, await newSecret(input.deps, feed.id))
      return ok(await show(input, changed))
    },
  }),
  operation({
    id: 'revokeFeedSecret',
    method: 'DELETE',
    path: '/api/v1/feeds/:id/secret',
    tag: 'Feeds',
    summary: 'Revoke the address of a private feed',
    description: 'Nobody reads it until it is given a new one.',
    params,
    answers: { 204: { description: 'It has no address.' } },
    problems: [404, 409, 412],
    async handle(input) {
      const feed = await reachable(input)
      await checkIfMatch(input.request, await show(input, feed))
      refusePublic(feed)
      await changeFeed(input, feed, PUBLIC)
      return noContent
    },
  }),
]

type AnyInput = Input<unknown, unknown, unknown>

/** What a public feed has of a secret. */
const PUBLIC = { secretHash: null, secret: null }

async function newSecret({ config }: Deps, id: string): Promise<{ secretHash: string; secret: string }> {
  const secret = newFeedSecret()
  return { secretHash: await digest(secret), secret: await encryptSecret(config.encryptionKeys, secret, id) }
}

function show(input: AnyInput, feed: Feed) {
  return showFeed(input.deps, feed, { origin: input.origin, viewerId: userOf(input).id })
}

/** @throws Problem 404 when there is none, or it is somebody else's who is out of reach. */
async function reachable(input: Input<{ id: string }, unknown, unknown>): Promise<Feed> {
  const owner = input.reach === 'all' ? null : userOf(input).id
  const feed = await findFeed(input.deps.env.DB, input.params.id, owner)
  if (!feed) throw notFound(`feed ${input.params.id}`)
  return feed
}

async function changeFeed(input: AnyInput, feed: Feed, changes: FeedChanges): Promise<Feed> {
  const changed = await tryChange(input, feed, changes)
  refuse(changed)
  return changed
}

/** The feed as it is then, or why it was not changed. @throws Problem 409 or 412 when somebody else changed it meanwhile. */
async function tryChange(
  input: AnyInput,
  feed: Feed,
  changes: FeedChanges,
): Promise<Feed | 'slug-taken' | 'busy'> {
  if (!changesAnything(feed, changes)) return feed
  const { deps, request } = input
  const now = deps.clock()
  const outcome = await updateFeed(deps.env.DB, feed, changes, now, auditOf(input, feed.id))
  if (outcome === 'conflict') throw changedMeanwhile(request)
  if (outcome !== 'changed') return outcome
  return { ...changedFeed(feed, changes), updatedAt: now, revision: feed.revision + 1 }
}

/** @throws Problem for what kept a feed from being stored. */
function refuse(made: Feed | 'slug-taken' | 'busy'): asserts made is Feed {
  if (made === 'slug-taken') throw new Problem('slug_taken', 'Another feed has this slug: choose another one')
  if (made === 'busy')
    throw new Problem(503, 'So much happens right now that the feed could not be begun: try again', {
      headers: { 'retry-after': '5' },
    })
}

/** @throws Problem 400 when a public feed is asked for what is never public. */
function refuseOpen(visibility: 'public' | 'private', filter: Filter): void {
  const [type] = visibility === 'public' ? privateParts(filter) : []
  if (type !== undefined)
    throw invalidParams(
      invalid('body', 'visibility', `must be private for ${type}: that is for its owner only`, visibility),
    )
}

/** @throws Problem 400 when a private feed is to have a slug. */
function refuseSlug(visibility: 'public' | 'private', slug: string | undefined): void {
  if (visibility === 'private' && slug !== undefined)
    throw invalidParams(invalid('body', 'slug', 'must be left out of a private feed', slug))
}

/** @throws Problem 409 when a feed has no secret to be changed. */
function refusePublic({ slug }: Feed): void {
  if (slug !== null) throw new Problem(409, 'The feed is public, and has no secret: make it private first')
}

/** Makes what has a slug: the one that is asked for, or else one like the name that is free. */
async function withSlug<TMade>(
  { name, slug }: { name: string; slug?: string | undefined },
  make: (slug: string) => Promise<TMade | 'slug-taken'>,
): Promise<TMade | 'slug-taken'> {
  return slug === undefined ? withFreeSlug(name, make) : make(slug)
}
