/** @module The HTML of comments, which we made ourselves: of few tags, well-formed, nothing in attributes unescaped. Pure. */

/** A tag, a reference such as `&amp;`, or a character. */
const TOKENS = /<(\/?)([a-z][a-z0-9]*)\b[^<>]*>|&#?[a-z0-9]+;|./gisu
const BLOCKS = /<\/(?:p|pre|blockquote|ul|ol|li)>|<br[^<>]*>/gi

const REFERENCES: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}

/**
 * The beginning of an HTML text, of at most `limit` characters: no tag and no reference is cut in two, and what was opened is
 * closed. Half a tag would take what follows on the page for its own.
 */
export function cutHtml(html: string, limit: number): string {
  if (html.length <= limit) return html
  let begin = ''
  let open: string[] = []
  for (const [found, slash, tag = ''] of html.toWellFormed().matchAll(TOKENS)) {
    const token = found === '<' ? '&lt;' : found
    const left = step(open, slash === '/', tag.toLowerCase())
    if (begin.length + token.length + '…'.length + closing(left).length > limit) break
    open = left
    begin += token
  }
  return `${begin}…${closing(open)}`
}

/** The text of it, as a page shows it: no tags, no references. */
export function plainText(html: string): string {
  return html
    .replace(BLOCKS, '\n')
    .replace(/<\/?[a-z][^<>]*>/gi, '')
    .replace(/&(?:amp|lt|gt|quot|#39);/g, (reference) => REFERENCES[reference] ?? '')
}

/** What is open after a tag. */
function step(open: string[], isEnd: boolean, tag: string): string[] {
  if (tag === '' || tag === 'br') return open
  if (!isEnd) return [...open, tag]
  return open.at(-1) === tag ? open.slice(0, -1) : open
}

function closing(open: readonly string[]): string {
  return open
    .toReversed()
    .map((tag) => `</${tag}>`)
    .join('')
}
