/**
 * @module Matrix, by the generic webhooks of matrix-hookshot: `text` for those who show no HTML, and `html`.
 * https://matrix-org.github.io/matrix-hookshot/latest/setup/webhooks.html
 */

import { type Story, summary, tell } from '../../events/story.ts'
import { cutBy, escapeHtml, jsonBytes } from '../../events/text.ts'
import { json, type Writer } from './format.ts'

/** An event of Matrix has 65,536 bytes, and hookshot may put all that it got into it once more; encryption adds a third. */
const MAX_BYTES = 20_000
/** What the message and a line of it have around their texts. */
const FRAME_BYTES = 200
const LINE_BYTES = 20

/** The same, as text and as HTML. */
type Line = { text: string; html: string }

export const matrix: Writer = {
  one: (event, options) => {
    const story = tell(event, options)
    const head = linked(story)
    const size = (some: string) => jsonBytes(some) + jsonBytes(toHtml(some))
    const used = jsonBytes(head.text) + jsonBytes(head.html) + size(story.instance) + FRAME_BYTES
    const text = cutBy(size, quiet(story.text), MAX_BYTES - used)
    return json({
      text: [head.text, ...(text === '' ? [] : [text]), story.instance].join('\n'),
      html: [
        `<p>${head.html}</p>`,
        ...(text === '' ? [] : [`<blockquote>${toHtml(text)}</blockquote>`]),
        `<p>${escapeHtml(story.instance)}</p>`,
      ].join(''),
    })
  },
  several: (events, _batch, options) => {
    const room = Math.floor((MAX_BYTES - FRAME_BYTES) / events.length)
    const lines = events.map((event) => line(tell(event, options), room))
    return json({
      text: lines.map(({ text }) => `- ${text}`).join('\n'),
      html: `<ul>${lines.map(({ html }) => `<li>${html}</li>`).join('')}</ul>`,
    })
  },
  greet: (text) => json({ text, html: `<p>${toHtml(text)}</p>` }),
}

/** @param room bytes of JSON. With where it happened, and a link, as far as there is room for them. */
function line(story: Story, room: number): Line {
  const size = ({ text, html }: Line) => jsonBytes(text) + jsonBytes(html) + LINE_BYTES
  const where = story.instance === '' ? '' : ` · ${quiet(story.instance)}`
  const whole = [linked(story, where), linked(story)].find((one) => size(one) <= room)
  if (whole) return whole
  const bare = (text: string): Line => ({ text, html: toHtml(text) })
  return bare(cutBy((text) => size(bare(text)), quiet(summary(story)), room))
}

/** @param where what is said behind the link. */
function linked(story: Story, where = ''): Line {
  const text = quiet(summary(story))
  if (story.url === null) return { text: `${text}${where}`, html: toHtml(`${text}${where}`) }
  return {
    text: `${text}${where}\n${story.url}`,
    html: `<a href="${escapeHtml(story.url)}">${toHtml(text)}</a>${escapeHtml(where)}`,
  }
}

/** Without the word that rings for the whole room. */
function quiet(text: string): string {
  return text.replace(/@(?=room)/gi, '@\u200b')
}

function toHtml(text: string): string {
  return escapeHtml(text).replaceAll('\n', '<br>')
}
