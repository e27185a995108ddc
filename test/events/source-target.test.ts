/** @module The text of what a source reads. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CommentsTarget,
  commentsTarget,
  targetText,
  type VideosTarget,
  videosTarget,
} from '../../src/events/source-target.ts'

const name = fc.string({ unit: 'binary', minLength: 1 })
const words = fc.uniqueArray(name, { minLength: 1, maxLength: 5 }).map((list) => list.toSorted())
const numbers = fc
  .uniqueArray(fc.integer(), { minLength: 1, maxLength: 5 })
  .map((list) => list.toSorted((a, b) => a - b))

const videos: fc.Arbitrary<VideosTarget> = fc.oneof(
  fc.constant({ kind: 'local' as const }),
  fc.record({ kind: fc.constantFrom('channel' as const, 'account' as const), name }),
  fc.record({ kind: fc.constant('subscriptions' as const), connectionId: name }),
  fc.record({
    kind: fc.constant('search' as const),
    query: fc.record(
      { search: name, tagsOneOf: words, languageOneOf: words, categoryOneOf: numbers },
      { requiredKeys: [] },
    ),
  }),
)
const comments: fc.Arbitrary<CommentsTarget> = fc.oneof(
  fc.constant({ kind: 'all' as const }),
  fc.record({ kind: fc.constant('connection' as const), connectionId: name }),
  fc.record({ kind: fc.constantFrom('video' as const, 'channel' as const), name }),
)

describe('The text of a target', () => {
  it('says it, whatever names it has', () => {
    fc.assert(
      fc.property(videos, comments, (one, other) => {
        expect(videosTarget(targetText(one))).toEqual(one)
        expect(commentsTarget(targetText(other))).toEqual(other)
      }),
    )
  })

  it('is another one for another target', () => {
    fc.assert(
      fc.property(videos, videos, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other)
        // Of the same search its parts may come in another order.
        if (!isSame && one.kind !== 'search') expect(targetText(one)).not.toBe(targetText(other))
      }),
    )
  })

  it('of the same search is the same, in whatever order it was asked', () => {
    const one = { search: 'x', tagsOneOf: ['b', 'a'], categoryOneOf: [10, 9] }
    const other = { categoryOneOf: [9, 10], tagsOneOf: ['a', 'b'], search: 'x', languageOneOf: undefined }
    expect(targetText({ kind: 'search', query: one })).toBe(targetText({ kind: 'search', query: other }))
  })

  it('of all is empty, as the rows that were there before have it', () => {
    expect(targetText({ kind: 'local' })).toBe('')
    expect(targetText({ kind: 'all' })).toBe('')
    expect(videosTarget('')).toEqual({ kind: 'local' })
    expect(commentsTarget('')).toEqual({ kind: 'all' })
  })
})
