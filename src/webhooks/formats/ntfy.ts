/** @module ntfy: publishing as JSON, which is posted to the server and names the topic. https://docs.ntfy.sh/publish/#publish-as-json */

import { summary, type Tone, tell } from '../../events/story.ts'
import { cut, cutBy, jsonBytes } from '../../events/text.ts'
import { json, type Message, type RenderOptions, type Writer } from './format.ts'

const MAX_TITLE = 250
/** Of the message, counted as JSON: a server reads no more than twice this of a request. */
const MAX_MESSAGE_BYTES = 4_096
const TOPIC = /^[-_A-Za-z0-9]{1,64}$/

/** Short codes of emoji, which ntfy shows before the title. */
const TAGS: Record<Tone, string> = {
  new: 'movie_camera',
  changed: 'pencil2',
  gone: 'wastebasket',
  live: 'red_circle',
  talk: 'speech_balloon',
  notice: 'bell',
  trouble: 'warning',
  well: 'white_check_mark',
  other: 'information_source',
}
const HIGH_PRIORITY = 4

export const ntfy: Writer = {
  one: (event, options) => {
    const story = tell(event, options)
    return publish(options, {
      title: cut(summary({ ...story, author: '' }), MAX_TITLE),
      message: cutBy(
        jsonBytes,
        [story.author, story.text, story.instance].filter((part) => part !== '').join('\n'),
        MAX_MESSAGE_BYTES,
      ),
      tags: [TAGS[story.tone]],
      ...(story.tone === 'trouble' ? { priority: HIGH_PRIORITY } : {}),
      ...(story.url === null ? {} : { click: story.url }),
      ...(story.picture === null ? {} : { attach: story.picture }),
    })
  },
  greet: (message, options) => publish(options, { message, tags: [TAGS.well] }),
  problem: (url) =>
    serverAndTopic(url) === null ? 'must end with the topic, such as https://ntfy.example/my-topic' : null,
}

/** @throws when the URL has no topic, which `problem` tells before. */
function publish({ url }: RenderOptions, fields: Record<string, unknown>): Message {
  const place = serverAndTopic(url)
  if (place === null) throw new Error('the URL of an ntfy endpoint must end with the topic')
  return { ...json({ topic: place.topic, ...fields }), url: place.server }
}

/** `https://ntfy.example/my-topic?auth=…`: what is before the topic, with what says who publishes, and the topic. */
function serverAndTopic(text: string): { server: string; topic: string } | null {
  const url = URL.parse(text)
  if (!url) return null
  const begin = url.pathname.lastIndexOf('/') + 1
  const topic = url.pathname.slice(begin)
  const server = `${url.origin}${url.pathname.slice(0, begin)}${url.search}`
  return TOPIC.test(topic) ? { server, topic } : null
}
