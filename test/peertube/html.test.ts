/** @module What a comment's text is shown as: read back by workerd's own parser of HTML, which is none of what made it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHtml } from '../../src/peertube/html.ts'

const TAGS = ['p', 'br', 'a', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li']
const REL = 'rel="nofollow noopener noreferrer ugc"'

/** The elements of an HTML text, with their attributes. */
async function elementsOf(html: string): Promise<{ tag: string; attributes: [string, string][] }[]> {
  const found: { tag: string; attributes: [string, string][] }[] = []
  const rewriter = new HTMLRewriter().on('*', {
    element: ({ tagName, attributes }) => {
      found.push({
        tag: tagName,
        // An attribute is a pair; the types of the platform say only that it is a list.
        attributes: [...attributes].map(([name = '', value = '']): [string, string] => [name, value]),
      })
    },
  })
  await rewriter.transform(new Response(html)).text()
  return found
}

async function expectHarmless(html: string) {
  for (const { tag, attributes } of await elementsOf(html)) {
    expect(TAGS).toContain(tag)
    expect(attributes.map(([name]) => name)).toEqual(tag === 'a' ? ['href', 'rel'] : [])
    for (const [name, value] of attributes) if (name === 'href') expect(value).toMatch(/^https?:\/\//)
  }
  expect(html).not.toMatch(/<script|<style|<!--|<[^>]*\son\w+\s*=/i)
}

describe('toHtml', () => {
  it.each([
    ['Deep reply **bold**', '<p>Deep reply <strong>bold</strong></p>'],
    [
      'https://example.org/?a=1&b=2',
      `<p><a href="https://example.org/?a=1&amp;b=2" ${REL}>https://example.org/?a=1&amp;b=2</a></p>`,
    ],
    ['two\nlines', '<p>two<br />\nlines</p>'],
    ['~~gone~~ *this*', '<p><del>gone</del> <em>this</em></p>'],
    ['# no heading', '<p># no heading</p>'],
    ['@bob@framatube.org', '<p>@bob@framatube.org</p>'],
    ['1 < 2 & "so"', '<p>1 &lt; 2 &amp; "so"</p>'],
    ['- a\n- b', '<ul>\n<li>a</li>\n<li>b</li>\n</ul>'],
    ['> quoted', '<blockquote>\n<p>quoted</p>\n</blockquote>'],
    ['```js\nlet a\n```', '<pre><code>let a\n</code></pre>'],
    ['', ''],
  ])('renders %j', (text, html) => {
    expect(toHtml(text)).toBe(html)
  })

  it.each([
    ['<p>of a <b>remote</b> server</p>', '<p>of a <strong>remote</strong> server</p>'],
    [
      '<p><a href="https://h/@x" class="u-url mention" target="_blank" onclick="x()">@<span>x</span></a></p>',
      `<p><a href="https://h/@x" ${REL}>@x</a></p>`,
    ],
    ['a<script>alert(1)</script>b', '<p>ab</p>'],
    ['a<style>p{}</style>b', '<p>ab</p>'],
    ['<a href="javascript:alert(1)">x</a>', '<p>x</p>'],
    ['<a href="java\tscript:alert(1)">x</a>', '<p>x</p>'],
    ['<a href="//evil.example">x</a>', '<p>x</p>'],
    ['<a href="/about">x</a>', '<p>x</p>'],
    ['[x](data:text/html,hi)', '<p>[x](data:text/html,hi)</p>'],
    ['<img src=x onerror=alert(1)>', ''],
    ['![alt](https://h/i.png)', `<p>!<a href="https://h/i.png" ${REL}>alt</a></p>`],
    ['<svg><a xlink:href="javascript:alert(1)">x</a></svg>', '<p>x</p>'],
    ['<p onmouseover="x()" style="color:red" id="a">t</p>', '<p>t</p>'],
    ['<iframe src="https://evil.example"></iframe>', ''],
    ['a\u0000b<scr\u0000ipt>x</script>', '<p>ab</p>'],
    ['<!-- x --><p>y</p>', '<p>y</p>'],
  ])('leaves nothing that could do harm in %j', async (text, html) => {
    expect(toHtml(text)).toBe(html)
    await expectHarmless(html)
  })

  it.each([
    ['tags', '<b>'.repeat(10_000)],
    ['quotes', '>'.repeat(10_000)],
    ['quotes apart', '> '.repeat(10_000)],
    ['lists', '- '.repeat(10_000)],
    ['quotes in HTML', '<blockquote>'.repeat(10_000)],
    ['brackets', '['.repeat(10_000)],
    ['pictures', '![['.repeat(10_000)],
    ['stars', '*a_'.repeat(10_000)],
    ['ampersands', '&'.repeat(100_000)],
    ['links', 'a.co '.repeat(10_000)],
    ['table cells', `${'|a'.repeat(100)}\n${'|-'.repeat(100)}\n`.repeat(100)],
    ['a million letters', 'x'.repeat(1_000_000)],
  ])('keeps 10,000 %s in bounds', async (_name, text) => {
    const html = toHtml(text)
    // As it was written a character takes six at the most, as `&quot;` does.
    expect(html.length).toBeLessThanOrEqual('<p></p>'.length + 60_000)
    let depth = 0
    let deepest = 0
    for (const [tag] of html.matchAll(/<\/?(?!br)[a-z][^>]*>/g)) {
      depth += tag.startsWith('</') ? -1 : 1
      deepest = Math.max(deepest, depth)
    }
    expect(depth).toBe(0)
    expect(deepest).toBeLessThanOrEqual(20)
    await expectHarmless(html)
  })

  it('never throws, and lets nothing but its tags through, whatever comes', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...['<script>', '</script>', '<style>', '<a href="', "<a href='", 'javascript:', 'JaVaScRiPt&colon;'],
        ...[
          'data:text/html,',
          ' onclick=',
          ' onerror="x"',
          '<img src=x',
          '<svg/',
          '<!--',
          '-->',
          '<![CDATA[',
        ],
        ...[
          '">',
          "'>",
          '>',
          '<',
          '`',
          '```\n',
          '[x](',
          '![x](',
          ')',
          '\n',
          '    ',
          '- ',
          '> ',
          '**',
          '&#x6a;',
        ],
        ...['&lt;script&gt;', '\u0000', '\ud800', '<p>', '</p>', '<textarea>', '<noscript>', '<math><mtext>'],
        ...['https://h.example/', '<https://h.example/>', '<javascript:x>', '[a]: javascript:x', '<xmp>'],
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const html = toHtml(pieces.join(''))
        await expectHarmless(html)
        expect(html).toBe(html.toWellFormed())
        // What is shown can be shown again by whoever renders it once more.
        await expectHarmless(toHtml(html))
      }),
      { numRuns: 500 },
    )
  })
})
