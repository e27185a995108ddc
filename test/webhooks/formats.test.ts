import { describe, expect, it } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import type { PublicEvent } from '../../src/events/envelope.ts'
import { plainText } from '../../src/events/html.ts'
import { clean, cut, oneLine, webUrl } from '../../src/events/text.ts'
import type { EventType } from '../../src/events/types.ts'
import {
  canBatch,
  FORMATS,
  type Format,
  formatProblem,
  greeting,
  isChat,
  type RenderOptions,
  render,
  renderBatch,
} from '../../src/webhooks/formats.ts'

const options: RenderOptions = {
  payload: 'full',
  url: 'https://ntfy.example/my-topic',
  eventUrl: (id) => `https://tubewire.example/api/v1/events/${id}`,
}
const CHATS: Format[] = ['discord', 'slack', 'matrix', 'ntfy', 'mastodon']

// biome-ignore lint/suspicious/noExplicitAny: bodies are as different as their targets.
const bodyOf = (format: Format, event: PublicEvent, some = options): any =>
  JSON.parse(render(format, event, some).body)

/** An example with other fields in its video or comment. */
function changed(type: EventType, what: 'video' | 'comment', fields: object): PublicEvent {
  const event = exampleOf(type)
  return { ...event, data: { ...event.data, [what]: { ...Object(event.data)[what], ...fields } } }
}
const unknown: PublicEvent = {
  ...exampleOf('video.published'),
  type: 'planet.discovered',
  data: { planet: 1 },
}

describe('The formats', () => {
  it('are for people, or for programs', () => {
    expect(FORMATS.filter(isChat)).toEqual(CHATS)
    expect(() => greeting('standard', options)).toThrow('the format standard is verified by a challenge')
    expect(greeting('slack', options).body).toContain('Tubewire is connected')
  })

  it('carry several events in a body, or one', () => {
    const single: Format[] = ['cloudevents-binary', 'ntfy', 'mastodon']
    expect(FORMATS.filter((format) => !canBatch(format))).toEqual(single)
    for (const format of single) {
      expect(() => renderBatch(format, [unknown], { id: 'b', now: 0 }, options)).toThrow(
        'one event in a body',
      )
    }
  })

  it('have a batch of Standard Webhooks, with its own id', () => {
    const now = Date.UTC(2026, 0, 1)
    const events = [exampleOf('video.published'), exampleOf('video.deleted')]
    const { headers, body } = renderBatch('standard', events, { id: 'bat_1', now }, options)
    expect(headers).toEqual({ 'content-type': 'application/json' })
    expect(JSON.parse(body)).toEqual({
      id: 'bat_1',
      type: 'batch',
      timestamp: '2026-01-01T00:00:00.000Z',
      data: events,
    })
  })

  it('leave the standard body as the API shows the event', () => {
    const event = exampleOf('comment.created')
    expect(render('standard', event, options).body).toBe(JSON.stringify(event))
  })

  it('say in a thin body only what it is about', () => {
    const thin: RenderOptions = { ...options, payload: 'thin' }
    const event = exampleOf('comment.created')
    const { comment } = event.data
    const subject = { kind: 'comment', id: '3', url: comment.url }
    expect(bodyOf('standard', event, thin)).toEqual({
      ...event,
      data: { url: options.eventUrl(event.id), subject },
    })
    for (const format of FORMATS) {
      expect(render(format, event, thin).body).not.toMatch(/Deep reply|Alice video/)
    }
  })
})

describe('CloudEvents', () => {
  it('order by their sequence as texts do', () => {
    const sequences = [9, 10, 1_000_000, Number.MAX_SAFE_INTEGER].map(
      (sequence) => bodyOf('cloudevents', { ...unknown, sequence }).sequence,
    )
    expect(sequences.toSorted()).toEqual(sequences)
  })

  it.each([
    ['peertube.example', 'https://peertube.example'],
    ['peertube.example:9000', 'https://peertube.example:9000'],
    ['tubewire', 'https://tubewire.example'],
  ])('of %s come from %s', (instance, source) => {
    expect(bodyOf('cloudevents', { ...unknown, instance })).toMatchObject({
      source,
      tubewireinstance: instance,
    })
  })

  it('come from a path when this Tubewire does not know its address', () => {
    const some = { ...options, eventUrl: (id: string) => `/api/v1/events/${id}` }
    expect(bodyOf('cloudevents', { ...unknown, instance: 'tubewire' }, some).source).toBe('/tubewire')
  })

  it('say that something was cut, and where all of it is', () => {
    const event = changed('video.published', 'video', { description: 'x'.repeat(30_000) })
    const marks = { tubewiretruncated: true, tubewireurl: options.eventUrl(event.id) }
    expect(bodyOf('cloudevents', event)).toMatchObject(marks)
    expect(render('cloudevents-binary', event, options).headers).toMatchObject({
      'ce-tubewiretruncated': 'true',
      'ce-tubewireurl': options.eventUrl(event.id),
    })
  })

  it('have headers as the HTTP binding writes them', () => {
    // The specification's own example, and what it says of `%`.
    const { headers } = render('cloudevents-binary', { ...unknown, id: 'Euro € 😀 "100%"' }, options)
    expect(headers['ce-id']).toBe('Euro%20%E2%82%AC%20%F0%9F%98%80%20%22100%25%22')
    expect(headers['content-type']).toBe('application/json')
  })
})

describe('What people read', () => {
  it.each(CHATS)(
    'says in %s that a comment is held, and nothing of one that was deleted but that',
    (format) => {
      const held = changed('comment.created', 'comment', { heldForReview: true })
      expect(render(format, held, options).body).toContain('held for review')
      const deleted = changed('comment.deleted', 'comment', { text: 'secret', html: '<p>secret</p>' })
      const { body } = render(format, deleted, options)
      expect(body).toContain('Comment deleted')
      expect(body).not.toMatch(/secret|bob/)
    },
  )

  it.each(CHATS)('shows in %s no picture of what is sensitive, and says that it is', (format) => {
    const { body } = render(format, changed('video.published', 'video', { nsfw: true }), options)
    expect(body).toMatch(/sensitive/i)
    expect(body).not.toContain('thumbnails')
  })

  it.each(CHATS)(
    'says in %s of a type that is not known what it is called, where, and how to see more',
    (format) => {
      const { body } = render(format, unknown, options)
      expect(body).toContain('Event planet.discovered')
      expect(body).toContain('peertube.example')
      expect(body).toContain(options.eventUrl(unknown.id))
      expect(render(format, unknown, { ...options, eventUrl: (id) => `/events/${id}` }).body).not.toContain(
        '/events/',
      )
    },
  )

  it.each([
    ['endpoint.disabled', 'Webhook disabled', 'answered 410'],
    ['endpoint.recovered', 'Webhook works again', 'the chat'],
    ['delivery.failed', 'Webhook could not be delivered', 'video.deleted evt_1: given up after 10 attempts.'],
  ])('tells of %s', (type, headline, more) => {
    const endpoint = { id: 'ep_1', url: 'https://receiver.example', description: 'the chat' }
    const event = { id: 'evt_1', type: 'video.deleted', sequence: 1 }
    const data = { endpoint, event, attempts: 10, detail: 'answered 410' }
    const { title, message } = bodyOf('ntfy', { ...unknown, instance: 'tubewire', type, data })
    expect(title).toBe(`${headline}: the chat`)
    expect(`${title}${message}`).toContain(more)
  })

  it('says a comment as it is shown, whether it came as Markdown or HTML', () => {
    const html = '<p>one &amp; <strong>two</strong><br />three</p><p>&lt;b&gt;</p>'
    expect(plainText(html)).toBe('one & two\nthree\n<b>\n')
    const event = changed('comment.created', 'comment', { html })
    expect(bodyOf('ntfy', event).message).toBe('alice\none & two\nthree\n<b>\npeertube.example')
  })
})

describe('mastodon', () => {
  it.each([
    ['https://mastodon.example/api/v1/statuses', true],
    ['https://gts.example/api/v1/statuses?x=1', true],
    ['https://mastodon.example/', false],
    ['https://mastodon.example/@alice', false],
  ])('wants the path that statuses are posted to: %s', (url, isTaken) => {
    expect(formatProblem('mastodon', url) === null).toBe(isTaken)
  })
})

describe('ntfy', () => {
  it.each([
    ['https://ntfy.example/my-topic', 'https://ntfy.example/', 'my-topic'],
    ['https://ntfy.example/my-topic?auth=x#y', 'https://ntfy.example/?auth=x', 'my-topic'],
    ['https://ntfy.example/my-topic?', 'https://ntfy.example/', 'my-topic'],
    ['https://example.com:8443/ntfy/A_1', 'https://example.com:8443/ntfy/', 'A_1'],
  ])('posts for %s to %s', (url, server, topic) => {
    expect(formatProblem('ntfy', url)).toBeNull()
    const message = render('ntfy', unknown, { ...options, url })
    expect(message.url).toBe(server)
    expect(JSON.parse(message.body)).toMatchObject({ topic })
  })

  it.each([
    'https://ntfy.example',
    'https://ntfy.example/',
    'https://ntfy.example/a/',
    'https://ntfy.example/a%20b',
    'no',
  ])('can not post to %s', (url) => {
    const problem = 'must end with the topic, such as https://ntfy.example/my-topic'
    expect(formatProblem('ntfy', url)).toBe(problem)
    expect(() => render('ntfy', unknown, { ...options, url })).toThrow('must end with the topic')
    expect(formatProblem('slack', url)).toBeNull()
  })
})

describe('Mastodon', () => {
  it('knows an event that is sent again by its id', () => {
    expect(render('mastodon', unknown, options).headers).toMatchObject({ 'idempotency-key': unknown.id })
  })

  it.each<[string, PublicEvent]>([
    ['a notification', exampleOf('notification.created')],
    ['the end of a session', exampleOf('connection.expired')],
    ['a comment held for review', changed('comment.created', 'comment', { heldForReview: true })],
    ['what is not known', unknown],
  ])('does not publish %s', (_, event) => {
    expect(bodyOf('mastodon', event).visibility).toBe('direct')
    expect(bodyOf('mastodon', exampleOf('video.published')).visibility).toBe('unlisted')
  })

  it('has the link in any case, and no more than three tags, which are words', () => {
    const tags = ['two words', '123', 'été', '@bob', 'a', 'b', 'c']
    const event = changed('video.published', 'video', {
      tags,
      description: 'é'.repeat(5_000),
      name: '#x @bob '.repeat(99),
    })
    const { status } = bodyOf('mastodon', event)
    expect(status).toMatch(/…\n\nhttps:\/\/peertube\.example\/\S+\n\n#été #a #b$/)
    expect(status).not.toMatch(/#x|@bob/)
  })
})

describe('A text of an instance', () => {
  it.each([
    ['a\u0000b\u001b[1m\u0085c\td', 'ab[1m\nc d'],
    ['\u202eabc\u202c\u2066d\u2069', 'abcd'],
    ['a\r\n\r\n \r\n\r\nb', 'a\n\nb'],
    ['\ud800x', '\ufffdx'],
  ])('is clean: %j', (text, expected) => {
    expect(clean(text)).toBe(expected)
    expect(oneLine(text)).toBe(expected.replace(/\s+/g, ' '))
  })

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['ab 🐙🐙', 5, 'ab…'],
    ['ab🐙🐙', 5, 'ab🐙…'],
    ['👩‍👩‍👧', 4, '👩…'],
    ['ab', 1, '…'],
    ['ab', 0, ''],
    ['ab', -5, ''],
  ])('is cut between characters: %s to %i', (text, limit, expected) => {
    expect(cut(text, limit)).toBe(expected)
  })

  it.each([
    ['https://a.example/w/1;threadId=2?a=b&c#d', 'https://a.example/w/1;threadId=2?a=b&c#d'],
    ['https://a.example/(x)[y]|*z*\'"<>', 'https://a.example/%28x%29%5By%5D%7C%2Az%2A%27%22%3C%3E'],
    ['http://[::1]:9000/[x]', 'http://[::1]:9000/%5Bx%5D'],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['https://user@a.example/', null],
    ['/w/1', null],
    [`https://a.example/${'a'.repeat(1_000)}`, null],
    [null, null],
  ])('is a URL of the web, or none: %s', (text, expected) => {
    expect(webUrl(text)).toBe(expected)
  })
})
