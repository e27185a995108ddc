/**
 * @module What each target of a webhook takes, and what means something there: written from the targets' documentation, apart
 * from the code that writes for them. Each check throws by `expect`.
 */
import { expect } from 'vitest'
import type { Format, Message } from '../../src/webhooks/formats.ts'

const MAX_EVENT_BYTES = 20_000
/** Control characters but line feeds, and what turns the direction of what follows. */
const UNWANTED = /(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u

type Json = Record<string, unknown>

const bytes = (text: string) => new TextEncoder().encode(text).length

/** Every text in a value. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : []
}

function expectWebUrl(url: unknown) {
  if (url === undefined) return
  expect(url).toMatch(/^https?:\/\/[^\s<>()|"'*`]+$/)
}

/** @param events how many are in the body. */
export function expectTaken(format: Format, message: Message, events = 1, tags: readonly string[] = []) {
  expect(message.body.isWellFormed()).toBe(true)
  const body: unknown = JSON.parse(message.body)
  for (const [name, value] of Object.entries(message.headers)) {
    expect(name).toMatch(/^[a-z0-9-]+$/)
    expect(value).toMatch(/^[\u0020-\u007e]+$/)
  }
  switch (format) {
    case 'standard':
      return expectStandard(body as Json)
    case 'cloudevents':
      return expectCloudEvents(message.headers['content-type'] ?? '', body)
    case 'cloudevents-binary':
      return expectBinary(message)
    case 'discord':
      return expectDiscord(body as Json, events)
    case 'slack':
      return expectSlack(body as Json, events)
    case 'matrix':
      return expectMatrix(message.body, body as Json)
    case 'ntfy':
      return expectNtfy(message, body as Json)
    case 'mastodon':
      return expectMastodon(body as Json, tags)
  }
}

function expectStandard(body: Json) {
  const events = body['type'] === 'batch' ? (body['data'] as Json[]) : [body]
  for (const event of events) {
    expect(bytes(JSON.stringify(event))).toBeLessThanOrEqual(MAX_EVENT_BYTES)
    expect(event).toMatchObject({ id: expect.any(String), type: expect.any(String) })
    expect(event).toHaveProperty('data')
  }
}

/** CloudEvents 1.0.2, "Context Attributes" and "Type System"; the JSON format, 2 and 3. */
function expectCloudEvents(contentType: string, body: unknown) {
  const isBatch = contentType === 'application/cloudevents-batch+json; charset=utf-8'
  if (!isBatch) expect(contentType).toBe('application/cloudevents+json; charset=utf-8')
  for (const event of (isBatch ? body : [body]) as Json[]) {
    expect(bytes(JSON.stringify(event))).toBeLessThanOrEqual(MAX_EVENT_BYTES)
    const { data: _, ...attributes } = event
    expectAttributes(attributes)
  }
}

function expectAttributes(attributes: Json) {
  expect(attributes).toMatchObject({ specversion: '1.0', datacontenttype: 'application/json' })
  for (const [name, value] of Object.entries(attributes)) {
    expect(name).toMatch(/^[a-z0-9]{1,20}$/)
    if (value === true) continue
    expect(value, name).toMatch(/^[^\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]+$/u)
  }
  expect(attributes['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  expect(URL.canParse(String(attributes['source']), 'https://relative.example')).toBe(true)
  expect(attributes['sequence']).toMatch(/^\d{16}$/)
  expect(attributes['type']).toMatch(/^org\.tubewire\./)
}

/** The binary mode as a receiver reads it: HTTP binding 3.1.3. */
function expectBinary({ headers, body }: Message) {
  expect(bytes(body)).toBeLessThanOrEqual(MAX_EVENT_BYTES)
  const attributes: Json = { datacontenttype: headers['content-type'] }
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-')) continue
    expect(value).toMatch(/^[!#-~]+$/)
    const read = decodeURIComponent(value)
    attributes[name.slice(3)] = read === 'true' ? true : read
  }
  expectAttributes(attributes)
}

/** What is left of Discord's Markdown once what is escaped is taken away. */
function expectNoMarkdown(text: string) {
  expect(text.replace(/\\[^a-z0-9\s]/gi, 'x')).not.toMatch(/[\\*_~`|[\]()<>@#]|:\/\/|^\s*(?:[-+]|\d+\.)/m)
}

function expectDiscord(body: Json, events: number) {
  expect(Object.keys(body).sort()).toEqual(['allowed_mentions', 'embeds'])
  expect(body['allowed_mentions']).toEqual({ parse: [] })
  type Embed = Record<'title' | 'description' | 'url', string | undefined> & {
    author?: { name: string }
    footer?: { text: string }
    thumbnail?: { url: string }
  }
  const embeds = body['embeds'] as Embed[]
  expect(embeds.length).toBeGreaterThan(0)
  expect(embeds.length).toBeLessThanOrEqual(10)
  let total = 0
  for (const { title = '', description = '', url, author, footer, thumbnail } of embeds) {
    expect(title + description).not.toBe('')
    expect(title.length).toBeLessThanOrEqual(256)
    expect(description.length).toBeLessThanOrEqual(4096)
    if (author) expect(author.name).toMatch(/^[^\n]{1,256}$/)
    if (footer) expect(footer.text).toMatch(/^[^\n]{1,2048}$/)
    expectWebUrl(url)
    expectWebUrl(thumbnail?.url)
    total += title.length + description.length + (author?.name.length ?? 0) + (footer?.text.length ?? 0)
    const ours = (text: string) => text.replace(' (sensitive)', '')
    expectNoMarkdown(ours(title))
    if (events > 10) {
      for (const line of description.split('\n')) {
        const [, label = line, target, where = ''] = /^\[(.*)\]\((\S*)\)( · .*)?$/.exec(line) ?? []
        expectNoMarkdown(label.replace(' \\(sensitive\\)', ''))
        expectNoMarkdown(where)
        expectWebUrl(target)
      }
    } else expectNoMarkdown(ours(description).replace(/^\*\*(.*)\*\*$/m, '$1'))
  }
  expect(total).toBeLessThanOrEqual(6000)
  expect(texts(body).join('')).not.toMatch(UNWANTED)
}

function expectSlack(body: Json, events: number) {
  const blocks = body['blocks'] as { type: string; text?: Json; elements?: Json[] }[]
  expect(blocks.length).toBeGreaterThan(0)
  expect(blocks.length).toBeLessThanOrEqual(50)
  expectEscaped(String(body['text']))
  expect(String(body['text']).length).toBeLessThanOrEqual(4000)
  let lines = 0
  for (const { text, elements = [] } of blocks) {
    for (const shown of text ? [text] : elements) {
      const written = String(shown['text'])
      expect(written.length).toBeGreaterThan(0)
      expect(written.length).toBeLessThanOrEqual(3000)
      expectEscaped(written)
      if (shown['type'] !== 'mrkdwn') continue
      expect(shown['verbatim']).toBe(true)
      for (const line of written.split('\n')) {
        lines += 1
        const bare = line.replace(/<https?:[^<>|\s]*\|/g, '<|')
        expect(bare).not.toMatch(/[_~`]/)
        // Bold is what we made bold.
        expect(bare).toMatch(/^(?:• )?[^*]+(?:: \*[^*]+\*)?(?: · [^*]+)?$/)
      }
    }
  }
  expect(lines).toBe(events)
  expect(texts(body).join('')).not.toMatch(UNWANTED)
}

function expectEscaped(text: string) {
  const bare = text.replace(/<https?:\/\/[^<>|\s]+\|([^<>]*)>/g, '$1')
  expect(bare).not.toMatch(/[<>]|&(?!(?:amp|lt|gt);)/)
}

function expectMatrix(sent: string, { text, html, ...rest }: Json) {
  expect(bytes(sent)).toBeLessThanOrEqual(MAX_EVENT_BYTES)
  expect(rest).toEqual({})
  expect(text).toMatch(/\S/)
  const bare = String(html)
    .replace(/<a href="https?:\/\/[^\s"'<>]*">/g, '')
    .replace(/<\/?(?:p|ul|li|blockquote)>|<br>|<\/a>/g, '')
  expect(bare).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/)
  expect(`${text}${html}`).not.toMatch(/@room/i)
  expect(`${text}${html}`).not.toMatch(UNWANTED)
}

function expectNtfy(
  message: Message,
  { topic, title = 'none', message: text, click, attach, ...rest }: Json,
) {
  expect(message.url).toMatch(/\/$/)
  expect(topic).toBe('my-topic')
  expect(bytes(message.body)).toBeLessThanOrEqual(8192)
  expect(title).toMatch(/^[^\n]{1,250}$/)
  expect(text).toMatch(/\S/)
  expect(bytes(String(text))).toBeLessThanOrEqual(4096)
  expectWebUrl(click)
  expectWebUrl(attach)
  expect(rest['tags']).toEqual([expect.stringMatching(/^[a-z0-9_]+$/)])
  expect(texts([title, text]).join('')).not.toMatch(UNWANTED)
}

/** @param tags which the status may have. */
function expectMastodon(body: Json, tags: readonly string[]) {
  const status = String(body['status'])
  const counted = `${body['spoiler_text'] ?? ''}${status}`.replace(/https?:\/\/\S+/gi, 'x'.repeat(23))
  expect([...new Intl.Segmenter().segment(counted)].length).toBeLessThanOrEqual(500)
  expect(status).not.toMatch(/(?<![=/\p{L}\p{N}_])[@＠][a-z0-9_]/iu)
  const found = [...status.matchAll(/(?<![=/)\p{L}\p{N}])[#＃]([\p{L}\p{N}_]+)/gu)].map(([, tag]) => tag)
  expect(found.length).toBeLessThanOrEqual(3)
  for (const tag of found) expect(tags).toContain(tag)
  expect(['unlisted', 'direct']).toContain(body['visibility'])
  expect(status).not.toMatch(UNWANTED)
}
