import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import type { PublicEvent } from '../../src/events/envelope.ts'
import type { Comment, Video } from '../../src/events/types.ts'
import { entryOf } from '../../src/feeds/entry.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { cutBetweenCharacters } from '../../src/feeds/title.ts'
import { feedOf, itemOf } from '../support/feeds.ts'

const entry = (event: PublicEvent, mode: Feed['mode'] = 'subjects') =>
  entryOf(itemOf(event), { ...feedOf([]), mode })

function video(fields: { [TField in keyof Video]?: unknown }) {
  const { data, ...event } = exampleOf('video.published')
  return entry({ ...event, data: { video: { ...data.video, ...fields } } })
}

function comment(fields: { [TField in keyof Comment]?: unknown }) {
  const { data, ...event } = exampleOf('comment.created')
  return entry({ ...event, data: { ...data, comment: { ...data.comment, ...fields } } })
}

describe('An entry', () => {
  it.each([
    ['2020-02-29T12:00:00Z', '2020-02-29T12:00:00.000Z'],
    ['yesterday', '2026-11-23T21:19:37.421Z'],
    ['-000001-01-01T00:00:00Z', '2026-11-23T21:19:37.421Z'],
    ['+012026-01-01T00:00:00Z', '2026-11-23T21:19:37.421Z'],
    [undefined, '2026-11-23T21:19:37.421Z'],
  ])('of a video that says that it was published at %s was so at %s', (publishedAt, expected) => {
    expect(video({ publishedAt }).publishedAt).toBe(expected)
  })

  it.each([
    [{ id: 'pt-BR', label: 'x' }, 'pt-BR'],
    [{ id: 'sgn-FR', label: 'x' }, 'sgn-FR'],
    [{ id: 'not a tag', label: 'x' }, null],
    ['en', null],
    [null, null],
  ])('in %j has the language %s', (language, expected) => {
    expect(video({ language }).language).toBe(expected)
  })

  it('of a live has no duration, and of a video whole seconds', () => {
    expect(video({ isLive: true, duration: 7 }).player?.duration).toBeNull()
    expect(video({ duration: 0 }).player?.duration).toBeNull()
    expect(video({ duration: '7' }).player?.duration).toBeNull()
    expect(video({ duration: 61.6 }).player?.duration).toBe(62)
    expect(video({ embedUrl: null }).player).toBeNull()
  })

  it('has each tag once, and no more of them than are read', () => {
    expect(
      video({ tags: ['a', ' a ', '', 1, null, 'b\nc'], category: { id: 1, label: 'a' } }).categories,
    ).toEqual(['a', 'b c'])
    expect(video({ tags: Array.from({ length: 1_000 }, (_, index) => `t${index}`) }).categories).toHaveLength(
      20,
    )
    expect(video({ tags: 'a' }).categories).toEqual(['Science & Technology'])
  })

  it('of a video renders the description as it would be rendered where it is', () => {
    const { html, summary } = video({
      description: '**Bold**\nhttps://a.example/?b=1&c <script>x</script>[x](javascript:y)',
    })
    expect(html).toBe(
      '<p><strong>Bold</strong><br />\n<a href="https://a.example/?b=1&amp;c" rel="nofollow noopener noreferrer ugc">https://a.example/?b=1&amp;c</a> [x](javascript:y)</p>',
    )
    // As it was written: nothing of it means anything in plain text.
    expect(summary).toBe('**Bold**\nhttps://a.example/?b=1&c <script>x</script>[x](javascript:y)')
  })

  it('has no character that XML forbids in its HTML, for which there are references', () => {
    expect(video({ description: '<p>a&#1;b&#xFFFE;c</p>' }).html).toBe('<p>abc</p>')
  })

  it('of a comment has its HTML, sanitised once more, or else its text', () => {
    const html = '<p onclick="x()">a<img src=x> <a href="javascript:x">b</a></p><script>x</script>'
    expect(comment({ html }).html).toBe('<p>a b</p>')
    expect(comment({ html: '', text: '*a*' }).html).toBe('<p><em>a</em></p>')
    expect(comment({ html: undefined, text: '' }).html).toBe('<p>New reply: Alice video 1 (alice)</p>')
    expect(comment({ html: `<p>${'<b>x</b>'.repeat(100_000)}</p>` }).html.length).toBeLessThan(150_000)
  })

  it('of nobody who is known is by somebody, and of one who wrote nothing any more by nobody', () => {
    expect(comment({ account: null }).authors).toEqual([{ name: 'somebody', url: null, avatar: null }])
    expect(entry(exampleOf('comment.deleted')).authors).toEqual([])
  })

  it('of what is not to be seen any more shows nothing but its name', () => {
    const { data, ...event } = exampleOf('video.deleted')
    const video = { ...data.video, description: 'SECRET', tags: ['SECRET'] }
    for (const type of ['video.deleted', 'video.unpublished']) {
      const { event: _, ...shown } = entry({ ...event, type, data: { video } }, 'events')
      expect(JSON.stringify(shown)).not.toContain('SECRET')
      expect(shown).toMatchObject({ image: null, player: null, categories: [] })
    }
  })

  it('begins in its summary with what all of its HTML says', () => {
    const detail = 'word '.repeat(200).trim()
    const { data, ...event } = exampleOf('instance.unreachable')
    const { html, summary } = entry({ ...event, data: { ...data, detail } })
    expect(html).toBe(`<p>${detail}</p>`)
    expect(summary).toBe(`${detail.slice(0, 499)}…`)
  })

  it('of a type that is not known here says so, and leads to the event', () => {
    const shown = entry({ ...exampleOf('video.published'), type: 'planet.discovered', data: { planet: 1 } })
    expect(shown).toMatchObject({
      title: 'Event planet.discovered',
      url: `https://tubewire.example/api/v1/events/${shown.event.id}`,
      html: '<p>Event planet.discovered</p>',
    })
  })
})

describe('A title', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['ab cdefg', 4, 'ab…'],
    ['ab🐙🐙🐙', 6, 'ab🐙…'],
    ['a👩‍👩‍👧‍👦b', 9, 'a…'],
    ['🇫🇷🇩🇪🇮🇹', 10, '🇫🇷🇩🇪…'],
    ['ae\u0301\u0302xyz', 5, 'ae\u0301\u0302…'],
    // Of one that never ends something must be shown.
    [`a${'\u0301'.repeat(20)}`, 5, 'a\u0301\u0301\u0301…'],
  ])('is cut between what people take for characters: %s to %i', (text, limit, expected) => {
    expect(cutBetweenCharacters(text, limit)).toBe(expected)
    expect(expected.length).toBeLessThanOrEqual(limit)
  })
})
