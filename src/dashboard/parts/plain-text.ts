/** @module What others wrote, as a line of text. */

/**
 * What a page would show of the HTML of a comment: no tags, no references. The API makes that HTML itself, of few tags; whatever
 * else comes is shown as text, so that nothing can go wrong here but the look.
 */
export function plainText(html: string): string {
  return html
    .replace(/<\/?[a-z][^<>]*>/gi, ' ')
    .replace(/&(?:amp|lt|gt|quot|#39);/g, (reference) => REFERENCES[reference] ?? '')
    .replace(/\s+/g, ' ')
    .trim()
}

const REFERENCES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}

/** The beginning of a text, of no more than `limit` characters. */
export function excerpt(text: string, limit: number): string {
  const line = text.slice(0, limit * 4).replace(/\s+/g, ' ')
  const characters = Array.from(line.trim())
  return characters.length <= limit ? characters.join('') : `${characters.slice(0, limit).join('')}…`
}

/** What turns the direction of the text that follows. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g

/** A name within a sentence: whatever its direction, the words around it keep theirs (Unicode TR 9, 2.7). */
export function isolated(text: string): string {
  return `\u2068${text.replace(TURNS, '')}\u2069`
}
