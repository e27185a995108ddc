/** @module Which of an instance's sources shows already what another one would. */
import type { InstanceState, Source } from '../db/instances.ts'
import { targetText, videosTarget } from '../events/source-target.ts'
import { Problem } from './problem.ts'

/** `account`: whose the channel is that is wanted. */
type Wanted = Pick<Source, 'kind' | 'target'> & { account?: string | null }

/**
 * @throws Problem 409 when an instance has a source for that, or one that it is a part of: the whole instance, or a channel's
 * account. Comments that are watched closely are a part of nothing: they are read more often.
 */
export function refuseCovered({ id, host, sources }: InstanceState, wanted: Wanted): void {
  const { kind, target, account } = wanted
  const covering = [
    target,
    ...(kind === 'videos' ? [''] : []),
    ...(kind === 'videos' && account ? [targetText({ kind: 'account', name: account })] : []),
  ]
  const ofKind = sources.filter((one) => one.kind === kind)
  const source = covering.flatMap((text) => ofKind.filter((one) => one.target === text))[0]
  if (!source) return
  const detail = `${host} is watched already, as ${id}: ${inWords(source)}, as ${source.id}`
  throw new Problem('already_watched', detail)
}

function inWords({ kind, target: text }: Source): string {
  if (text === '') return `all of its ${kind}`
  const target = videosTarget(text)
  if (target.kind === 'search') return 'that search'
  return `the ${kind} of ${text.replace(':', ' ')}`
}
