/** @module How a source looks in answers: what of an instance is read, how, when next and why then, and how it went. */
import * as v from 'valibot'
import type { Config } from '../config.ts'
import type { Source } from '../db/instances.ts'
import { NEVER } from '../db/readable.ts'
import { DUE_REASONS } from '../events/pace.ts'
import { commentsTarget, videosTarget } from '../events/source-target.ts'
import { ERROR_KINDS, errorKindOf } from '../workers/error-kinds.ts'
import { COMMENT_METHODS } from '../workers/poll-comments.ts'
import { progressOf } from '../workers/progress.ts'
import { Time } from './fields.ts'
import { time } from './time.ts'

/** A code for programs with its words for people. */
const coded = <const TCodes extends readonly [string, ...string[]]>(codes: TCodes) =>
  v.strictObject({ code: v.picklist(codes), words: v.string() })
const codesOf = <TWords extends object>(words: TWords) =>
  // Neither table is empty.
  Object.keys(words) as [keyof TWords & string, ...(keyof TWords & string)[]]

/** A search in PeerTube's words. */
const Search = v.strictObject({
  search: v.optional(v.string()),
  tagsOneOf: v.optional(v.array(v.string())),
  languageOneOf: v.optional(v.array(v.string())),
  categoryOneOf: v.optional(v.array(v.pipe(v.number(), v.integer()))),
})

const Target = v.pipe(
  v.strictObject({
    channel: v.optional(v.string()),
    account: v.optional(v.string()),
    search: v.optional(Search),
    video: v.optional(v.pipe(v.string(), v.description('A UUID.'))),
    connection: v.optional(v.pipe(v.string(), v.description('The id of a connection: what it may see.'))),
  }),
  v.description('Which part of the instance; none of these: all of it.'),
)

/** See `Progress`. */
const Checkpoint = v.pipe(
  v.strictObject({
    begun: v.pipe(
      v.boolean(),
      v.description('Whether what was there at first has been read: what is found from then on is news.'),
    ),
    newestAt: v.nullable(
      v.pipe(Time, v.description('Of videos: when the newest was published up to which all are known.')),
    ),
    unfinished: v.pipe(
      v.boolean(),
      v.description('Whether it is in the middle of a list, and goes on there with the next poll.'),
    ),
    pending: v.pipe(
      v.number(),
      v.integer(),
      v.description(
        'How many are to be looked at once more: videos that their list does not show, threads that may have something new.',
      ),
    ),
    followed: v.nullable(
      v.pipe(
        v.number(),
        v.integer(),
        v.description('Of comments that are read closely: of how many videos. Null where they are not.'),
      ),
    ),
  }),
  v.description('How far it has been read. Null when that is damaged: `errorKind` says so.'),
)

const ErrorKind = v.pipe(
  v.picklist(codesOf(ERROR_KINDS)),
  v.description(
    `Of the last failure, until a read succeeds. ${Object.entries(ERROR_KINDS)
      .map(([kind, words]) => `\`${kind}\`: ${words}`)
      .join('; ')}.`,
  ),
)

export const ShownSource = v.strictObject({
  id: v.string(),
  instance: v.pipe(v.string(), v.description('The id of the instance.')),
  kind: v.picklist(['videos', 'comments', 'notifications']),
  target: Target,
  state: v.pipe(
    v.picklist(['new', 'ok', 'failing', 'unreachable', 'paused', 'expired']),
    v.description(
      '`unreachable`: the instance is. `paused`: the instance is, or the owner is blocked. `expired`: the login has ended.',
    ),
  ),
  maxDelaySeconds: v.pipe(
    v.number(),
    v.integer(),
    v.description('How late its users may learn of something, while the instance answers.'),
  ),
  nextPollAt: v.nullable(v.pipe(Time, v.description('None while it is not read at all.'))),
  nextPollReason: v.pipe(coded(codesOf(DUE_REASONS)), v.description('Why it is read then.')),
  changesPerHour: v.pipe(v.number(), v.description('Of late: the more, the more often it is read.')),
  method: v.nullable(
    v.pipe(
      coded(codesOf(COMMENT_METHODS)),
      v.description('Of comments, once they were read: how, by what the instance and the rights allow.'),
    ),
  ),
  lastPollAt: v.nullable(Time),
  lastSuccessAt: v.nullable(Time),
  failures: v.pipe(v.number(), v.integer(), v.description('In a row.')),
  checkpoint: v.nullable(Checkpoint),
  errorKind: v.nullable(ErrorKind),
  lastError: v.nullable(v.pipe(v.string(), v.description('The same in words, in English.'))),
})

export const exampleSource = {
  id: 'src_9f86d081884c7d659a2feaa0',
  instance: 'ins_9f86d081884c7d659a2feaa0',
  kind: 'videos',
  target: {},
  state: 'ok',
  maxDelaySeconds: 300,
  nextPollAt: '2026-11-25T10:05:00.000Z',
  nextPollReason: { code: 'quiet', words: DUE_REASONS.quiet },
  changesPerHour: 0.25,
  method: null,
  lastPollAt: '2026-11-25T10:00:00.000Z',
  lastSuccessAt: '2026-11-25T10:00:00.000Z',
  failures: 0,
  checkpoint: {
    begun: true,
    newestAt: '2026-11-25T09:58:00.000Z',
    unfinished: false,
    pending: 0,
    followed: null,
  },
  errorKind: null,
  lastError: null,
} as const

/** What of the instance says how its sources are read. */
export type OfInstance = { pausedAt: number | null; unreachableAt: number | null }

/** @param maxDelayMs what the configuration says, for sources that say nothing. */
export function showSource(source: Source, instance: OfInstance, { maxDelayMs }: Pick<Config, 'maxDelayMs'>) {
  const isStopped = instance.pausedAt !== null || source.dueAt === NEVER
  const reason = isStopped && source.dueReason !== 'expired' ? 'paused' : source.dueReason
  return {
    id: source.id,
    instance: source.instanceId,
    kind: source.kind,
    target: targetOf(source),
    state: stateOf(source, instance, isStopped),
    maxDelaySeconds: (source.maxDelayMs ?? maxDelayMs[source.kind]) / 1000,
    nextPollAt: isStopped ? null : time(source.dueAt),
    nextPollReason: { code: reason, words: wordsOf(DUE_REASONS, reason) },
    changesPerHour: Math.round(source.rate * 1000) / 1000,
    method: source.method && { code: source.method, words: wordsOf(COMMENT_METHODS, source.method) },
    lastPollAt: time(source.polledAt),
    lastSuccessAt: time(source.succeededAt),
    failures: source.failures,
    checkpoint: showCheckpoint(source),
    errorKind: source.errorKind && errorKindOf(source.errorKind),
    lastError: source.lastError,
  }
}

function showCheckpoint(source: Source): v.InferOutput<typeof Checkpoint> | null {
  const progress = progressOf(source)
  if (!progress) return null
  const { isBegun, newestAt, isUnfinished, pending, followed } = progress
  return { begun: isBegun, newestAt: time(newestAt), unfinished: isUnfinished, pending, followed }
}

/** A target in words: see `Target`. */
function targetOf({ kind, target: text }: Pick<Source, 'kind' | 'target'>): v.InferOutput<typeof Target> {
  const target = kind === 'videos' ? videosTarget(text) : commentsTarget(text)
  switch (target.kind) {
    case 'search':
      return { search: target.query }
    case 'connection':
    case 'subscriptions':
      return { connection: target.connectionId }
    case 'channel':
    case 'account':
    case 'video':
      return { [target.kind]: target.name }
    default:
      return {}
  }
}

function stateOf(
  { dueReason, failures, succeededAt }: Source,
  { unreachableAt }: OfInstance,
  isStopped: boolean,
): v.InferOutput<typeof ShownSource>['state'] {
  if (isStopped) return dueReason === 'expired' ? 'expired' : 'paused'
  if (unreachableAt !== null) return 'unreachable'
  if (failures > 0) return 'failing'
  return succeededAt === null ? 'new' : 'ok'
}

function wordsOf(words: Readonly<Record<string, string>>, code: string): string {
  return words[code] ?? code
}
