/**
 * @module Discord webhooks: embeds. Limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits
 * They are counted here in UTF-16 units, which are never fewer than Discord's characters.
 */

import { type Story, summary, type Tone, tell } from '../../events/story.ts'
import { cut, cutEscaped } from '../../events/text.ts'
import { json, type Writer } from './format.ts'

const MAX_EMBEDS = 10
const MAX_TITLE = 256
const MAX_AUTHOR = 256
const MAX_DESCRIPTION = 4_096
const MAX_FOOTER = 2_048
/** Of all texts of all embeds together. */
const MAX_TOTAL = 6_000

const COLOURS: Record<Tone, number> = {
  new: 0x2e9e5b,
  changed: 0x3477c9,
  gone: 0x8a8f98,
  live: 0xd63c3c,
  talk: 0x7a56c4,
  notice: 0xd9a514,
  trouble: 0xd9661f,
  well: 0x2e9e5b,
  other: 0x8a8f98,
}

export const discord: Writer = {
  one: (event, options) => message([embed(tell(event, options), MAX_TOTAL)]),
  several: (events, _batch, options) => {
    const stories = events.map((event) => tell(event, options))
    const share = Math.floor(MAX_TOTAL / stories.length)
    return message(
      stories.length <= MAX_EMBEDS ? stories.map((story) => embed(story, share)) : lists(stories),
    )
  },
  greet: (text) => message([{ description: escaped(text) }]),
}

/** Nobody is pinged, whatever a text says. */
function message(embeds: readonly object[]) {
  return json({ embeds, allowed_mentions: { parse: [] } })
}

/** @param room characters that its texts may take. */
function embed(story: Story, room: number) {
  // Neither knows Markdown.
  const author = cut(story.author, Math.min(MAX_AUTHOR, room >> 3))
  const footer = cut(story.instance, Math.min(MAX_FOOTER, room >> 3))
  const short = Math.min(MAX_TITLE, room >> 2)
  const note = story.isSensitive ? ' (sensitive)' : ''
  const headline = `${cutEscaped(story.headline, short - note.length, escaped)}${note}`
  const title = cutEscaped(story.title, short, escaped)
  // Without a title what happened is the title: only that is a link.
  const begin = title === '' ? '' : `**${headline}**`
  const used = author.length + footer.length + (title || headline).length + begin.length
  const left = Math.min(MAX_DESCRIPTION - begin.length, room - used) - '\n'.length
  const text = cutEscaped(story.text, left, escaped)
  const description = [begin, text].filter((part) => part !== '').join('\n')
  return {
    title: title || headline,
    ...(description === '' ? {} : { description }),
    ...(story.url === null ? {} : { url: story.url }),
    color: COLOURS[story.tone],
    timestamp: story.timestamp,
    footer: { text: footer },
    ...(author === '' ? {} : { author: { name: author } }),
    ...(story.picture === null ? {} : { thumbnail: { url: story.picture } }),
  }
}

/** More events than embeds: a line for each, of the same length. */
function lists(stories: readonly Story[]) {
  const room = Math.floor(MAX_TOTAL / stories.length) - '\n'.length
  const lines = stories.map((story) => line(story, room))
  const half = Math.ceil(lines.length / 2)
  return [lines.slice(0, half), lines.slice(half)].map((part) => ({ description: part.join('\n') }))
}

/** With a link, and where it happened, as far as there is room for them. */
function line(story: Story, room: number): string {
  const text = summary(story)
  const where = story.instance === '' ? '' : ` · ${escaped(story.instance)}`
  const link = story.url === null ? [] : [`[${cutEscaped(text, 150, escaped)}](${story.url})`]
  const whole = [...link.map((one) => `${one}${where}`), ...link, `${escaped(text)}${where}`]
  return whole.find((one) => one.length <= room) ?? cutEscaped(text, room, escaped)
}

/**
 * A text in which Markdown means nothing: `\` before what could mark something, a mention (`<@1>`), or a list at the beginning
 * of a line. Links in texts of strangers stay texts.
 */
function escaped(text: string): string {
  return text
    .replace(/[\\*_~`|[\]()<>@#]|:(?=\/\/)/g, '\\$&')
    .replace(/^(\s*)([-+])/gm, '$1\\$2')
    .replace(/^(\s*\d+)\./gm, '$1\\.')
}
