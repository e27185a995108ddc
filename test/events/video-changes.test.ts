/** @module What is an edit of a video, and what only looks like one. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Video } from '../../src/events/types.ts'
import { videoChanges } from '../../src/events/video-changes.ts'
import { HOST, NOW, video } from '../support/video.ts'

const was: Video = {
  ...video('a', NOW),
  category: { id: 1, label: 'Music' },
  thumbnailUrl: `https://${HOST}/lazy-static/thumbnails/one.jpg`,
}
const text = 'A long description that goes on and on. '.repeat(20)
const cut = (length: number) => `${text.slice(0, length - 3)}...`

describe('videoChanges', () => {
  it.each<[string, Partial<Video>, Partial<Video>]>([
    ['the label of a category, translated', {}, { category: { id: 1, label: 'Musik' } }],
    ['a description that is empty, not null', { description: null }, { description: '' }],
    ['a description that another version cuts', { description: text }, { description: cut(250) }],
    ['a description that another version cuts no more', { description: cut(250) }, { description: text }],
    ['a description that is cut elsewhere', { description: cut(250) }, { description: cut(200) }],
    ['a thumbnail in another folder', {}, { thumbnailUrl: `https://${HOST}/thumbnails/two.jpg` }],
    [
      'a thumbnail on another host',
      {},
      { thumbnailUrl: 'https://files.example/lazy-static/thumbnails/one.jpg' },
    ],
    ['a thumbnail that could not be read', {}, { thumbnailUrl: null }],
    ['a thumbnail that can be read now', { thumbnailUrl: null }, {}],
    ['tags, which lists do not show', { tags: ['x'] }, { tags: null }],
    ['its date', {}, { publishedAt: new Date(NOW + 1).toISOString() }],
    ['its duration', {}, { duration: 99 }],
    ['where it is', {}, { url: 'https://x/', embedUrl: 'https://x/', shortUUID: 'x' }],
  ])('takes for no edit: %s', (_name, before, now) => {
    expect(videoChanges({ ...was, ...before }, { ...was, ...now })).toBeNull()
  })

  it.each<[string, Partial<Video>, Partial<Video>, string]>([
    [
      'a short description that was shortened to dots',
      { description: 'abcdef' },
      { description: 'abc...' },
      'description',
    ],
    [
      'a description edited before the cut',
      { description: cut(250) },
      { description: `x${text}` },
      'description',
    ],
    ['a long description that was taken away', { description: text }, { description: null }, 'description'],
    ['another category of the same label', {}, { category: { id: 2, label: 'Music' } }, 'category'],
    ['a category that was taken away', {}, { category: null }, 'category'],
    [
      'a thumbnail with another name',
      {},
      { thumbnailUrl: `https://${HOST}/lazy-static/thumbnails/two.jpg` },
      'thumbnailUrl',
    ],
    [
      'a date of first publication that was taken away',
      { originallyPublishedAt: '1999-01-01T00:00:00.000Z' },
      {},
      'originallyPublishedAt',
    ],
  ])('takes for an edit: %s', (_name, before, now, field) => {
    const [from, to] = [
      { ...was, ...before },
      { ...was, ...now },
    ]
    // The fields of changes are fields of a video here.
    const key = field as 'description'
    expect(videoChanges(from, to)).toEqual({ [field]: { from: from[key], to: to[key] } })
  })

  it('is symmetric, and nothing between a video and itself', () => {
    const some = fc.record({
      name: fc.constantFrom('a', 'b'),
      description: fc.constantFrom(null, '', 'x', text, cut(250), cut(200)),
      category: fc.constantFrom(null, { id: 1, label: 'x' }, { id: 1, label: 'y' }, { id: 2, label: 'x' }),
      language: fc.constantFrom(null, { id: 'en', label: 'English' }),
      nsfw: fc.boolean(),
      thumbnailUrl: fc.constantFrom(null, 'https://x/a/1.jpg', 'https://x/a/2.jpg', 'https://x/b/1.jpg'),
    })
    fc.assert(
      fc.property(some, some, (a, b) => {
        const there = videoChanges({ ...was, ...a }, { ...was, ...b })
        const back = videoChanges({ ...was, ...b }, { ...was, ...a })
        expect(videoChanges({ ...was, ...a }, { ...was, ...a })).toBeNull()
        expect(Object.keys(there ?? {})).toEqual(Object.keys(back ?? {}))
      }),
    )
  })
})
