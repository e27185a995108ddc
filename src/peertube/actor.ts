/** @module Accounts and channels as our events tell them, and URLs made absolute. */
import type * as v from 'valibot'
import type { Actor } from '../events/types.ts'
import type { actor } from './fields.ts'

/** @param origin of the instance that was read: its paths are made absolute by it. */
export function toActor({ avatars, ...listed }: v.InferOutput<typeof actor>, origin: string): Actor {
  const path = largest(avatars)
  return {
    ...listed,
    handle: `${listed.name}@${listed.host}`,
    avatarUrl: path === null ? null : absoluteUrl(path, origin),
  }
}

/** The path or URL of a picture's largest size: a reader makes it smaller, not larger. */
export function largest(pictures: v.InferOutput<typeof actor>['avatars']): string | null {
  const [first] = (pictures ?? []).toSorted((a, b) => (b.width ?? 0) - (a.width ?? 0))
  return first?.fileUrl ?? first?.path ?? null
}

const MAX_URL_LENGTH = 1_000

/** An absolute web URL, or null: a path of an instance can say anything, `javascript:` too. */
export function absoluteUrl(path: string, origin: string): string | null {
  const url = URL.parse(path, origin)
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  // Measured as it is kept: escaping makes nine characters of one.
  return url && isWeb && url.href.length <= MAX_URL_LENGTH ? url.href : null
}
