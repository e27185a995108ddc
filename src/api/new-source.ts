/** @module What a request says of a new source, and whether the instance has such a thing. */
import * as v from 'valibot'
import type { InstanceState, NewSource as StoredSource } from '../db/instances.ts'
import { targetText } from '../events/source-target.ts'
import { firstCheckpoint } from '../events/video-walk.ts'
import { parsePasted } from '../peertube/paste.ts'
import { uuidOfId } from '../peertube/short-uuid.ts'
import { readVideo, readVideosPage } from '../peertube/videos.ts'
import type { Deps } from '../workers/deps.ts'
import { text } from './fields.ts'
import { probeActor, readInstance } from './probe-instance.ts'
import { type InvalidParam, invalidParams, Problem } from './problem.ts'
import { invalid } from './request/validate.ts'

/** @param allowLocal on a laptop, where nobody's instance is asked too often. */
export const MaxDelay = (allowLocal: boolean) => {
  const least = allowLocal ? 1 : 60
  return v.pipe(
    v.number('must be a number'),
    v.integer('must be a whole number'),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(86_400, 'must be at most 86400'),
    v.description(
      'How late one may learn of something, in seconds. Null: as the configuration says; 120 for what is watched closely.',
    ),
  )
}

const Name = v.pipe(
  v.string('must be a text'),
  v.regex(/^[A-Za-z0-9_.-]{1,120}$/, 'must be a name without a host, such as news'),
)

const several = <TItem extends v.GenericSchema>(item: TItem) =>
  v.pipe(
    v.array(item, 'must be a list'),
    v.minLength(1, 'must not be empty'),
    v.maxLength(20, 'must have at most 20 items'),
  )
const word = v.pipe(text(50), v.minLength(1, 'must not be empty'))

export const NewSource = (allowLocal: boolean) =>
  v.strictObject({
    kind: v.picklist(['videos', 'comments'], 'must be "videos" or "comments"'),
    channel: v.optional(Name),
    account: v.optional(v.pipe(Name, v.description('Of videos only.'))),
    search: v.optional(
      v.pipe(
        v.strictObject({
          search: v.optional(v.pipe(text(200), v.minLength(1, 'must not be empty'))),
          tagsOneOf: v.optional(several(word)),
          languageOneOf: v.optional(several(word)),
          categoryOneOf: v.optional(
            several(
              v.pipe(
                v.number('must be a number'),
                v.integer('must be a whole number'),
                v.minValue(1, 'must be at least 1'),
              ),
            ),
          ),
        }),
        v.description('In PeerTube’s words, among the instance’s own videos. Of videos only.'),
      ),
    ),
    video: v.optional(
      v.pipe(text(2_000), v.description('A UUID, a short one, or the URL of a video. Of comments only.')),
    ),
    maxDelaySeconds: v.optional(v.nullable(MaxDelay(allowLocal))),
  })
type NewSource = v.InferOutput<ReturnType<typeof NewSource>>

/** What is right alone and wrong together. */
export function newSourceProblems(body: NewSource): Record<string, InvalidParam> | null {
  const { kind, search } = body
  const parts = (['channel', 'account', 'search', 'video'] as const).filter(
    (part) => body[part] !== undefined,
  )
  const [first, second] = parts
  if (first && second)
    return invalid('body', second, `must not come with "${first}": a source is of one thing`)
  if (first === 'video' && kind === 'videos') return invalid('body', 'video', 'is for comments')
  if ((first === 'account' || first === 'search') && kind === 'comments')
    return invalid('body', first, 'is for videos')
  return search && Object.keys(search).length === 0
    ? invalid('body', 'search', 'must say what to look for')
    : null
}

/** A source as it is stored, and whose the channel is that it is of. */
type Planned = StoredSource & { kind: 'videos' | 'comments'; account: string | null }

/**
 * Asks the instance whether there is what a source would be of.
 * @throws Problem 422 when there isn't, 400 when a video is none of the instance's, and as `probeInstance`.
 */
export async function planSource(deps: Deps, instance: InstanceState, body: NewSource): Promise<Planned> {
  const { kind, channel, account, search, video } = body
  const url = new URL(instance.origin)
  const checkpoint = kind === 'videos' ? JSON.stringify(firstCheckpoint(0)) : '{}'
  if (channel !== undefined || account !== undefined) {
    const wanted = {
      kind: channel === undefined ? 'account' : 'channel',
      name: channel ?? account ?? '',
    } as const
    const actor = await probeActor(deps, url, wanted)
    return {
      kind,
      target: targetText({ kind: wanted.kind, name: actor.name }),
      checkpoint,
      account: actor.account,
    }
  }
  if (search !== undefined) {
    const target = { kind: 'search', query: search } as const
    await readInstance(deps, url, (get) => readVideosPage(get, url.origin, target, 0, null))
    return { kind, target: targetText(target), checkpoint, account: null }
  }
  if (video === undefined) return { kind, target: '', checkpoint, account: null }

  const uuid = videoOf(instance, video)
  if (uuid === null)
    throw invalidParams(
      invalid(
        'body',
        'video',
        `must be a UUID, a short one, or the URL of a video on ${instance.host}`,
        video,
      ),
    )
  const read = await readInstance(deps, url, (get) => readVideo(get, url.origin, uuid))
  // One that is unlisted is for those who have the link: its comments are not to be told to everybody.
  if (read.kind !== 'video' || read.fate.privacy !== PUBLIC)
    throw new Problem('not_there', `${url.origin} has no video ${uuid} that everybody may see`)
  return { kind, target: targetText({ kind: 'video', name: uuid }), checkpoint, account: null }
}

const PUBLIC = 1

/** The UUID of a video of this instance, or null when that is none. */
function videoOf({ host, origin }: InstanceState, sent: string): string | null {
  const uuid = uuidOfId(sent.trim())
  if (uuid !== null) return uuid
  const pasted = parsePasted(sent)
  if (pasted.kind === 'wrong' || pasted.named.kind !== 'video') return null
  const isHere = pasted.url.host === host || pasted.url.host === new URL(origin).host
  return isHere ? uuidOfId(pasted.named.id) : null
}
