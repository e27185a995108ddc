/** @module What people paste: what is found in it, and what is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePasted } from '../../src/peertube/paste.ts'

const UUID = '43493d1c-8fbe-411e-9932-9ee0e7172022'
const SHORT = '9iUHktDza4U9nkpgptkJ5b'

/** In a line: the instance, and what of it. */
function found(text: string): string {
  const result = parsePasted(text)
  if (result.kind === 'wrong') return `wrong: ${result.problem}`
  const { url, named } = result
  const what = named.kind === 'instance' ? '' : ` ${'id' in named ? named.id : named.name}`
  return `${url.href} ${named.kind}${what}`
}

const HOST = 'https://peertube.example/'

describe('A host', () => {
  it.each([
    'peertube.example',
    'PeerTube.Example',
    'https://peertube.example',
    'https://peertube.example/',
    'HTTPS://peertube.example',
    '//peertube.example/',
    'peertube.example/',
    'peertube.example.',
    'https://peertube.example./',
    'https://peertube.example:443',
    '  peertube.example  ',
    '\tpeertube.example\r\n',
    '\u00a0peertube.example\u00a0',
    '\ufeffpeertube.example\u200b',
    'peertube.example,',
    'peertube.example!',
    '“peertube.example”.',
    '"peertube.example"',
    '<https://peertube.example/>',
    '(https://peertube.example)',
    '`peertube.example`',
  ])('%j is the whole instance', (text) => {
    expect(found(text)).toBe(`${HOST} instance`)
  })

  it.each([
    ['peertube.example:9000', 'https://peertube.example:9000/ instance'],
    ['http://peertube.example', 'http://peertube.example/ instance'],
    ['http://peertube.example:80', 'http://peertube.example/ instance'],
    ['https://peertube.example.:9000', 'https://peertube.example:9000/ instance'],
    ['vidéos.example', 'https://xn--vidos-dsa.example/ instance'],
    ['https://видео.example/w/x', 'https://xn--b1aedk6a.example/ video x'],
    ['xn--vidos-dsa.example', 'https://xn--vidos-dsa.example/ instance'],
    ['ｐeertube。example', 'https://peertube.example/ instance'],
    ['localhost:9000', 'http://localhost:9000/ instance'],
    ['127.0.0.1:9000/c/news', 'http://127.0.0.1:9000/ channel news'],
    ['[::1]:9000', 'http://[::1]:9000/ instance'],
    ['https://[2001:db8::1]', 'https://[2001:db8::1]/ instance'],
    ['@news@localhost:9000', 'http://localhost:9000/ actor news'],
  ])('%j is %s', (text, expected) => {
    expect(found(text)).toBe(expected)
  })
})

describe('A page', () => {
  it.each([
    [`https://peertube.example/w/${SHORT}`, `video ${SHORT}`],
    [`https://peertube.example/w/${SHORT}?start=1m30s`, `video ${SHORT}`],
    [`https://peertube.example/w/${SHORT};threadId=42`, `video ${SHORT}`],
    [`https://peertube.example/w/${SHORT}#comments`, `video ${SHORT}`],
    [`peertube.example/w/${SHORT}`, `video ${SHORT}`],
    [`peertube.example/w/${SHORT}.`, `video ${SHORT}`],
    [`https://peertube.example/videos/watch/${UUID}`, `video ${UUID}`],
    [`https://peertube.example/videos/watch/${UUID};threadId=7?start=4`, `video ${UUID}`],
    [`https://peertube.example/videos/watch/${UUID}/`, `video ${UUID}`],
    ['https://peertube.example/videos/watch/17', 'video 17'],
    [`https://peertube.example/videos/embed/${UUID}?autoplay=1&title=0`, `video ${UUID}`],
    [`https://peertube.example/api/v1/videos/${UUID}`, `video ${UUID}`],
    ['https://peertube.example/w/p/abc?playlistPosition=2', 'instance'],
    ['https://peertube.example/videos/watch/playlist/abc', 'instance'],
    ['https://peertube.example/c/news', 'channel news'],
    ['https://peertube.example/c/news/videos', 'channel news'],
    ['https://peertube.example/c/News.and_more-2/videos?s=1', 'channel News.and_more-2'],
    ['https://peertube.example/c/%6Eews', 'channel news'],
    ['https://peertube.example/video-channels/news', 'channel news'],
    ['https://peertube.example/video-channels/news/video-playlists', 'channel news'],
    ['peertube.example/video-channels/news/videos', 'channel news'],
    ['https://peertube.example/c/news@peertube.example/videos', 'channel news'],
    ['https://peertube.example/a/alice', 'account alice'],
    ['https://peertube.example/a/alice/video-channels', 'account alice'],
    ['https://peertube.example/accounts/alice', 'account alice'],
    ['https://peertube.example/accounts/alice/videos', 'account alice'],
    ['https://peertube.example/accounts/peertube', 'instance'],
    ['https://peertube.example/@alice', 'actor alice'],
    ['https://peertube.example/@alice/', 'actor alice'],
    ['https://peertube.example/feeds/videos.xml?videoChannelName=news', 'channel news'],
    ['https://peertube.example/feeds/videos.json?accountName=alice', 'account alice'],
    ['https://peertube.example/feeds/videos.xml', 'instance'],
    ['https://peertube.example/videos/local?sort=-publishedAt', 'instance'],
    ['https://peertube.example/about/instance', 'instance'],
    ['https://peertube.example/?a=b#c', 'instance'],
    ['https://peertube.example/w/', 'instance'],
  ])('%s is its %s', (text, expected) => {
    expect(found(text)).toBe(`${HOST} ${expected}`)
  })

  it.each([
    ['https://peertube.example/c/news@other.example/videos', 'https://other.example/ channel news'],
    ['https://peertube.example/a/alice@other.example', 'https://other.example/ account alice'],
    ['https://peertube.example/@alice@other.example', 'https://other.example/ actor alice'],
  ])('%s is of the other instance', (text, expected) => {
    expect(found(text)).toBe(expected)
  })
})

describe('A handle', () => {
  it.each([
    ['@news@peertube.example', 'actor news'],
    ['news@peertube.example', 'actor news'],
    ['acct:news@peertube.example', 'actor news'],
    ['acct:@news@peertube.example', 'actor news'],
    ['ACCT:news@peertube.example', 'actor news'],
    ['!news@peertube.example', 'channel news'],
    ['@News_2.b-c@PeerTube.example', 'actor News_2.b-c'],
    [' @news@peertube.example, ', 'actor news'],
    ['@news@peertube.example/', 'actor news'],
    ['@peertube@peertube.example', 'instance'],
  ])('%j is %s', (text, expected) => {
    expect(found(text)).toBe(`${HOST} ${expected}`)
  })

  it.each([
    ['@alice@vidéos.example', 'https://xn--vidos-dsa.example/ actor alice'],
    ['@alice@peertube.example:9000', 'https://peertube.example:9000/ actor alice'],
  ])('%j is %s', (text, expected) => {
    expect(found(text)).toBe(expected)
  })
})

describe('What is refused', () => {
  it.each([
    ['', 'must name an instance'],
    [' . ', 'must name an instance'],
    ['\u200b', 'must name an instance'],
    ['two words', 'must be one address'],
    ['peertube.example other.example', 'must be one address'],
    ['peer\ntube.example', 'must be one address'],
    ['peer\u0000tube.example', 'must be one address'],
    ['peer\u00adtube.example', 'must be one address'],
    ['https:\\\\peertube.example', 'must be one address'],
    ['https://peertube.example\\@evil.example', 'must be one address'],
    ['@news', 'must have the host after the name'],
    ['!news', 'must have the host after the name'],
    ['@@peertube.example', 'must have the host after the name'],
    ['@a@b@c', 'must have the host after the name'],
    ['@a b@peertube.example', 'must be one address'],
    ['@<script>@peertube.example', 'must name a channel or an account'],
    ['@../x@peertube.example', 'must have the host after the name'],
    ['@..@peertube.example', 'must name a channel or an account'],
    [`@${'a'.repeat(200)}@peertube.example`, 'must name a channel or an account'],
    ['@alice@', 'must have the host after the name'],
    ['alice@:9000', 'must have the host of an instance'],
    ['alice@peertube.example:port', 'must have the host of an instance'],
    ['https://alice@peertube.example', 'must not carry a user or a password'],
    ['https://alice:secret@peertube.example/w/x', 'must not carry a user or a password'],
    ['alice:secret@peertube.example', 'must not carry a user or a password'],
    ['mailto:alice@peertube.example', 'must not carry a user or a password'],
    ['ftp://peertube.example', 'must be http or https'],
    ['file:///etc/passwd', 'must be http or https'],
    ['javascript:alert(1)', 'must be the address of an instance'],
    ['data:text/html,x', 'must be the address of an instance'],
    ['javascript://peertube.example/%0aalert(1)', 'must be http or https'],
    ['https://', 'must be the address of an instance'],
    ['https://...', 'must be the address of an instance'],
    ['https://./', 'must be the address of an instance'],
    ['https://peertube.example:99999', 'must be the address of an instance'],
    ['https://peer%00tube.example', 'must be the address of an instance'],
    ['https://peertube.example/c/%ff', 'must name a channel or an account'],
    ['https://peertube.example/c/a%2F..', 'must name a channel'],
    ['https://peertube.example/c/news@other.example%2Fx', 'must have the host of an instance'],
    ['https://peertube.example/c/news@user:pw@other.example', 'must name a channel or an account'],
    ['https://peertube.example/c/news@%3Fx', 'must have the host of an instance'],
    ['https://peertube.example/c/news@user@other.example', 'must name a channel or an account'],
    ['https://peertube.example/w/<script>', 'must name a video'],
    [`https://peertube.example/${'x'.repeat(2_000)}`, 'must have at most 2000 characters'],
  ])('%j: %s', (text, problem) => {
    expect(found(text)).toContain(problem)
  })

  it('never carries a path, a query, a user or what a name can’t be, whatever is pasted', () => {
    const parts = [
      'https://',
      'peertube.example',
      '/c/',
      '/w/',
      '@',
      '!',
      'acct:',
      ';',
      '%',
      '\\',
      '..',
      ':',
      '?',
      '#',
      'a',
    ]
    const pastes = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.webUrl(),
      fc
        .array(fc.oneof(fc.constantFrom(...parts), fc.string({ maxLength: 4 })), { maxLength: 10 })
        .map((all) => all.join('')),
    )
    fc.assert(
      fc.property(pastes, (text) => {
        const result = parsePasted(text)
        if (result.kind === 'wrong') {
          expect(result.problem).toMatch(/^must /)
          return
        }
        const { url, named } = result
        expect(url.href).toBe(`${url.origin}/`)
        expect(url.protocol).toMatch(/^https?:$/)
        expect(url.hostname).not.toMatch(/^$|\.$/)
        if ('name' in named) expect(named.name).toMatch(/^[\w.-]{1,120}$/)
        if ('id' in named) expect(named.id).toMatch(/^[\w-]{1,60}$/)
        // What was found is found again in how it is written.
        if (named.kind === 'actor')
          expect(parsePasted(`@${named.name}@${url.host}`)).toMatchObject({ kind: 'pasted', named })
      }),
      { numRuns: 2_000 },
    )
  })
})
