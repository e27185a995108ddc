/**
 * @module Slack's incoming webhooks: blocks, and a text for notifications. https://docs.slack.dev/reference/block-kit/blocks
 *
 * mrkdwn has no way to escape its `*_~` and `` ` ``. So what people wrote at length is in blocks of plain text, where they mean
 * nothing; in the label of a link they are put for characters that look like them. `verbatim`: Slack makes no links or mentions of
 * its own. No pictures: Slack refuses the whole message when it can't load one.
 */

import { type Story, summary, tell } from '../../events/story.ts'
import { cutEscaped } from '../../events/text.ts'
import { json, type Writer } from './format.ts'

/** Of a section's text. */
const MAX_TEXT = 3_000
/** The text of a notification: nobody reads more of it. */
const MAX_FALLBACK = 500
const MAX_LABEL = 400
/** So that two lines of a list fit into a section: 100 events need no more than the 50 blocks that a message may have. */
const MAX_LINE = 1_490

const LOOK_ALIKES: Record<string, string> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ' }

export const slack: Writer = {
  one: (event, options) => {
    const story = tell(event, options)
    const { text, author, instance } = story
    const context = [author, instance].filter((part) => part !== '').join(' · ')
    return message(summary(story), [
      section(line(story)),
      ...(text === '' ? [] : [{ type: 'section', text: plain(text) }]),
      { type: 'context', elements: [plain(context)] },
    ])
  },
  several: (events, _batch, options) => {
    const lines = events.map((event) => listed(tell(event, options)))
    return message(`${lines.length} events`, packed(lines).map(section))
  },
  greet: (text) => message(text, [section(label(text))]),
}

function message(fallback: string, blocks: readonly object[]) {
  const text = cutEscaped(fallback, MAX_FALLBACK, label)
  return json({ text, blocks, unfurl_links: false, unfurl_media: false })
}

function section(mrkdwn: string) {
  return { type: 'section', text: { type: 'mrkdwn', text: mrkdwn, verbatim: true } }
}

function plain(text: string) {
  return { type: 'plain_text', text: cutEscaped(text, MAX_TEXT, escaped), emoji: false }
}

/** A line of a list: what happened, and where. */
function listed(story: Story): string {
  const where = story.instance === '' ? '' : ` · ${cutEscaped(story.instance, MAX_LABEL, label)}`
  return `• ${line(story, MAX_LINE - where.length)}${where}`
}

/** `New video: *<https://…|title>*`. @param room characters, with a link where there is room for it. */
function line(story: Story, room = MAX_LINE): string {
  const headline = cutEscaped(story.headline, MAX_LABEL, label)
  const note = story.isSensitive ? ' (sensitive)' : ''
  const title = cutEscaped(story.title || (story.url === null ? '' : 'Open'), MAX_LABEL, label)
  if (title === '') return `${headline}${note}`
  const link = story.url === null ? title : `<${escaped(story.url)}|${title}>`
  const full = `${headline}${note}: *${link}*`
  return full.length <= room ? full : `${headline}${note}: *${title}*`
}

/** Lines in as few sections as hold them. */
function packed(lines: readonly string[]): string[] {
  const sections: string[] = []
  for (const some of lines) {
    const last = sections.at(-1)
    if (last !== undefined && last.length + 1 + some.length <= MAX_TEXT) {
      sections[sections.length - 1] = `${last}\n${some}`
    } else sections.push(some)
  }
  return sections
}

/** "Escaping text": these three, and no others. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function label(text: string): string {
  return escaped(text).replace(/[*_~`]/g, (character) => LOOK_ALIKES[character] ?? '')
}
