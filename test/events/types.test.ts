import { describe, expect, it } from 'vitest'
import { EVENT_TYPES, typesLike } from '../../src/events/types.ts'

const CATALOGUE = ['video.published', 'video.updated', 'videogame.played', 'comment.created']

describe('typesLike', () => {
  it.each<[string, string[]]>([
    ['video.updated', ['video.updated']],
    // Whether there is such a type only the log can tell: a newer version may have written it.
    ['video.unheard', ['video.unheard']],
    ['video.*', ['video.published', 'video.updated']],
    ['video*', ['video.published', 'video.updated', 'videogame.played']],
    ['*', CATALOGUE],
    ['nothing.*', []],
    ['v*.published', ['v*.published']],
  ])('%s', (pattern, types) => {
    expect(typesLike(pattern, CATALOGUE)).toEqual(types)
  })

  it('looks in the catalogue', () => {
    expect(typesLike('*')).toEqual(EVENT_TYPES)
  })
})
