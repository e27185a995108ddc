/**
 * @module A text as HTML that may be shown, of a comment or the description of a video: rendered as PeerTube would, then stripped
 * of all that could do harm.
 */
import MarkdownIt from 'markdown-it'
import sanitizeHtml from 'sanitize-html'
import { clean } from './fields.ts'

/** What PeerTube takes for a comment. */
export const MAX_COMMENT_LENGTH = 10_000
/** What a text of links only would go past: every link is told what it is. Such a text is shown as it was written. */
const MAX_HTML_LENGTH = 50_000
/** Deeper than people quote each other, and than a page can show. */
const MAX_NESTING = 20

const markdown = new MarkdownIt({ html: true, linkify: true, breaks: true })
  // Their tags would be taken out again, and something of the text with them.
  .disable(['table', 'heading', 'lheading', 'hr', 'image'])
// `@bob@peertube.example` is a handle, and no address of a mailbox.
markdown.linkify.set({ fuzzyEmail: false })

const RULES: sanitizeHtml.IOptions = {
  allowedTags: ['p', 'br', 'a', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li'],
  allowedAttributes: { a: ['href', 'rel'] },
  allowedSchemes: ['http', 'https'],
  allowProtocolRelative: false,
  // No tag keeps a style: what reads them is not needed.
  parseStyleAttributes: false,
  nestingLimit: MAX_NESTING,
  transformTags: {
    b: 'strong',
    i: 'em',
    s: 'del',
    strike: 'del',
    a: (tagName, { href }) => ({ tagName, attribs: linkAttributes(href) }),
  },
  exclusiveFilter: ({ tag, attribs }) => (tag === 'a' && !attribs['href'] ? 'excludeTag' : false),
}

/**
 * Renders a text. Any text at all may come in: what comes out has only the tags above, no attribute but a link's
 * `href` (http or https) and `rel`, and a bounded length and depth.
 *
 * @param text Markdown with HTML in it, or HTML: of which the beginning is rendered, when it is longer than comments are.
 */
export function toHtml(text: string): string {
  const bounded = clean(text, MAX_COMMENT_LENGTH)
  const html = sanitizeHtml(markdown.render(bounded), RULES).trim()
  return html.length <= MAX_HTML_LENGTH ? html : `<p>${markdown.utils.escapeHtml(bounded)}</p>`
}

/**
 * HTML that was made by `toHtml` before, by the rules of today: the log may be older than they are. Of one that is longer than we
 * make any, the beginning.
 */
export function sanitized(html: string): string {
  return sanitizeHtml(html.slice(0, MAX_HTML_LENGTH), RULES).trim()
}

/** A link's attributes, or none when it leads to anything but the web. */
function linkAttributes(href: string | undefined): sanitizeHtml.Attributes {
  const url = URL.parse(href ?? '')
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:'
  return url && isWeb ? { href: url.href, rel: 'nofollow noopener noreferrer ugc' } : {}
}
