/** @module Following a stream that breaks off, repeats, lies and dies: each event comes once, in order. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FollowDeps, follow } from '../../src/local/follow.ts'
import { Mistake } from '../../src/local/mistake.ts'
import { newest } from '../../src/local/newest.ts'
import { frameOf, STREAM_KEY, type StreamServer, startStreamServer } from '../support/stream-server.ts'

let server: StreamServer
let said: string[]
let waits: number[]
let deps: FollowDeps
let service: { url: URL; key: string }
beforeEach(async () => {
  server = await startStreamServer(3)
  said = []
  waits = []
  service = { url: new URL(server.url), key: STREAM_KEY }
  deps = {
    fetch,
    clock: Date.now,
    async wait(milliseconds) {
      waits.push(milliseconds)
    },
    say: (line) => said.push(line.replace(server.url, 'SERVICE')),
    silentMs: 5_000,
  }
})
afterEach(() => server.close())

const query = new URLSearchParams()
const following = (after = 0, some = query) => follow(service, { query: some, after }, deps)

/** The next sequences. */
async function take(events: AsyncGenerator<{ sequence: number }>, count: number): Promise<number[]> {
  const taken: number[] = []
  while (taken.length < count) {
    const { value } = await events.next()
    taken.push(value.sequence)
  }
  return taken
}
const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

describe('Following', () => {
  it('gives what there was after a sequence, then what comes, and passes the filter on', async () => {
    const events = following(1, new URLSearchParams('type=video.*&channel=a@b.example'))
    expect(await take(events, 2)).toEqual([2, 3])
    server.publish(2)
    expect(await take(events, 2)).toEqual([4, 5])
    expect(server.asked()).toMatchObject([
      { path: '/api/v1/stream', query: { after: '1', type: 'video.*', channel: 'a@b.example' } },
    ])
    expect(said).toEqual([])
    await events.return(undefined as never)
  })

  it.each(['end', 'destroy'] as const)('goes on where it was when it is broken off: %s', async (how) => {
    const events = following()
    expect(await take(events, 3)).toEqual([1, 2, 3])
    server.publishUntold(2)
    server.drop(how)
    expect(await take(events, 2)).toEqual([4, 5])
    expect(server.asked().map((one) => one.query['after'])).toEqual(['0', '3'])
    // The service asked for this pace.
    expect(waits).toEqual([100])
    await events.return(undefined as never)
  })

  it('gives once what comes twice, and leaves out what is no event', async () => {
    const events = following()
    await take(events, 3)
    server.say(frameOf(2) + frameOf(3))
    server.say('data: {not json\n\n: comment\n\nid: 9\nevent: video.published\ndata: {"id":"x\\u0007"}\n\n')
    server.say('id: 4\ndata: {"id":"evt.4","sequence":4}\n\nnonsense\n\n')
    server.publish(1)
    expect(await take(events, 1)).toEqual([4])
    expect(said).toEqual([
      '! left out what is no event: {not json',
      '! left out what is no event: {"id":"x\\u0007"}',
      '! left out what is no event: {"id":"evt.4","sequence":4}',
    ])
    await events.return(undefined as never)
  })

  it.each(['closed', 'dropped'] as const)('says why the service ends it, and goes on: %s', async (kind) => {
    const events = following()
    await take(events, 3)
    server.publishUntold(1)
    server.end({ kind, reason: 'too slow' }, 3)
    expect(await take(events, 1)).toEqual([4])
    expect(server.asked().map((one) => one.query['after'])).toEqual(['0', '3'])
    expect(said).toEqual(['. the service closes the stream: too slow'])
    await events.return(undefined as never)
  })

  it('takes an event that came in pieces', async () => {
    const events = following()
    await take(events, 3)
    const bytes = frameOf(4)
    server.say(bytes.slice(0, 30))
    server.say(bytes.slice(30))
    expect(await take(events, 1)).toEqual([4])
    await events.return(undefined as never)
  })

  it('takes no event that was cut off', async () => {
    const events = following()
    await take(events, 3)
    server.say(frameOf(4).slice(0, 60))
    server.publishUntold(1)
    server.drop('end')
    expect(await take(events, 1)).toEqual([4])
    await events.return(undefined as never)
  })

  it('gives up a connection on which nothing comes any more', async () => {
    deps.silentMs = 200
    const events = following(3)
    const next = take(events, 1)
    await server.asksFor('/api/v1/stream', 1)
    server.publishUntold(1)
    expect(await next).toEqual([4])
    expect(said).toEqual([
      '! SERVICE: nothing came for 0.2 s; trying again until it answers',
      '. SERVICE answers again',
    ])
    await events.return(undefined as never)
  })

  it('waits ever longer for a service that is gone, says so once, and goes on when it is back', async () => {
    deps.wait = async (milliseconds) => {
      waits.push(milliseconds)
      if (waits.length < 8) return
      server.publishUntold(1)
      await server.listen()
    }
    const events = following()
    await take(events, 3)
    await server.close()
    expect(await take(events, 1)).toEqual([4])
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800])
    expect(said).toEqual([
      expect.stringMatching(/^! SERVICE: .+; trying again until it answers$/),
      '. SERVICE answers again',
    ])
    await events.return(undefined as never)
  })

  it('waits as long as a service that is busy says', async () => {
    server.refuse({ status: 503 }, { status: 429, headers: { 'retry-after': '77' } })
    const events = following()
    expect(await take(events, 1)).toEqual([1])
    expect(waits[0]).toBe(1_000)
    expect(waits[1]).toBeGreaterThan(76_000)
    expect(said).toEqual([
      '! SERVICE: it answered 503: not today; trying again until it answers',
      '. SERVICE answers again',
    ])
    await events.return(undefined as never)
  })

  it.each([
    [{ status: 400, body: '{"detail":"type must be a type"}' }, 'SERVICE refuses this: type must be a type'],
    [{ status: 401 }, 'SERVICE does not take this key: not today'],
    [{ status: 403 }, 'SERVICE refuses this: not today'],
    [{ status: 404 }, 'SERVICE is no Tubewire that has this: it answered 404, application/problem+json'],
    [{ status: 302, headers: { location: 'https://elsewhere.example/' } }, 'it answered 302'],
    [{ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }, 'it answered 200, text/html'],
  ])('ends with what will not mend by itself: %j', async (refusal, message) => {
    server.refuse(refusal)
    const failed = following().next()
    await expect(failed).rejects.toBeInstanceOf(Mistake)
    await expect(failed).rejects.toThrow(message.replace('SERVICE', server.url))
  })

  it('gives each event once, in order, however often it is broken off', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('end', 'destroy', 'publish', 'untold', 'repeat', 'garbage'), {
          maxLength: 12,
        }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, most) => {
          const own = await startStreamServer(6)
          try {
            own.endAfter(most)
            const events = follow({ url: new URL(own.url), key: STREAM_KEY }, { query, after: 0 }, deps)
            expect(await take(events, 6)).toEqual(upTo(6))
            own.endAfter(null)
            let last = 6
            for (const step of steps) {
              if (step === 'end' || step === 'destroy') own.drop(step)
              if (step === 'publish') own.publish(1)
              if (step === 'untold') own.publishUntold(1)
              if (step === 'repeat') own.say(frameOf(last))
              if (step === 'garbage') own.say('data: x\n\n')
              if (step === 'publish' || step === 'untold') last += 1
              if (step === 'untold') own.drop('destroy')
            }
            own.publishUntold(1)
            own.drop('end')
            expect(await take(events, last + 1 - 6)).toEqual(upTo(last + 1, 7))
            await events.return(undefined as never)
          } finally {
            await own.close()
          }
        },
      ),
      { numRuns: 30 },
    )
  })
})

describe('The newest', () => {
  it('are as many as are asked for, the oldest of them first; what comes then comes after them', async () => {
    const some = new URLSearchParams('type=video.*,comment.*&tag=a&q=x,y')
    const { events, after } = await newest(service, { query: some, replay: 2 }, deps)
    expect(events.map(({ sequence }) => sequence)).toEqual([2, 3])
    expect(after).toBe(3)
    expect(JSON.parse(server.asked()[0]?.body ?? '')).toEqual({
      filter: { types: ['video.*', 'comment.*'], tags: ['a'], text: 'x,y' },
    })
    expect((await newest(service, { query, replay: 0 }, deps)).events).toEqual([])
  })

  it('are none of an empty log, and it begins at its beginning', async () => {
    const empty = await startStreamServer(0)
    const where = { url: new URL(empty.url), key: STREAM_KEY }
    expect(await newest(where, { query, replay: 9 }, deps)).toEqual({ events: [], after: 0 })
    await empty.close()
  })

  it('are asked for until the service answers', async () => {
    server.refuse(
      { status: 502 },
      { status: 200, headers: { 'content-type': 'application/json' }, body: '{"da' },
    )
    expect((await newest(service, { query, replay: 0 }, deps)).after).toBe(3)
    expect(said).toEqual([
      '! SERVICE: it answered 502: not today; trying again until it answers',
      '. SERVICE answers again',
    ])
  })
})
