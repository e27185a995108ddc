/** @module How often the stream of events is asked for, when it is not there. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Live, LiveState } from '../../src/dashboard/live.ts'

const held = async () => true
let started: Live | null = null
/** What the page is told by the browser. */
let page: EventTarget & { hidden: boolean }

beforeEach(() => {
  vi.useFakeTimers()
  page = Object.assign(new EventTarget(), { hidden: false })
  vi.stubGlobal('location', { origin: 'https://tubewire.example' })
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
})
afterEach(() => {
  started?.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** Follows streams that end as `answer` has it. @returns when each was asked for, milliseconds from now, and what was told. */
async function follow(answer: () => Response, isHeld: () => Promise<boolean> = held) {
  const { startLive } = await import('../../src/dashboard/live.ts')
  const begin = Date.now()
  const asked: number[] = []
  const states: LiveState['kind'][] = []
  vi.stubGlobal('fetch', async () => {
    asked.push(Date.now() - begin)
    return answer()
  })
  started = startLive(({ kind }) => states.push(kind), isHeld)
  await vi.advanceTimersByTimeAsync(0)
  return { asked, states }
}

const endsAtOnce = () => new Response('')
const refused = (status: number, headers: Record<string, string> = {}) =>
  new Response('{}', { status, headers })
/** One that lives so long, and is closed in order. */
const livesFor = (milliseconds: number) => () =>
  new Response(
    new ReadableStream({
      start(stream) {
        setTimeout(() => stream.close(), milliseconds)
      },
    }),
  )

describe('A stream', () => {
  it('that ends as soon as it has begun is asked for less and less, and is not called live', async () => {
    const { asked, states } = await follow(endsAtOnce)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toEqual([0, 1_000, 3_000, 7_000])
    expect(states.at(-1)).toBe('lost')
  })

  it('that lived for a while is opened anew at once, without a word', async () => {
    const { asked, states } = await follow(livesFor(6_000))
    await vi.advanceTimersByTimeAsync(6_300)
    expect(asked).toEqual([0, 6_250])
    expect(states).toEqual(['connecting', 'open', 'open'])
  })

  it.each([429, 503])(
    'that is refused with %s for a time is left alone for it, whoever comes back',
    async (status) => {
      const { asked } = await follow(() => refused(status, { 'retry-after': '10' }))
      page.dispatchEvent(new Event('online'))
      await vi.advanceTimersByTimeAsync(9_900)
      expect(asked).toEqual([0])
      await vi.advanceTimersByTimeAsync(200)
      expect(asked).toEqual([0, 10_000])
      started?.tryNow()
      await vi.advanceTimersByTimeAsync(0)
      expect(asked).toHaveLength(3)
    },
  )

  it.each(['online', 'visibilitychange'])('that is waited for is asked for at "%s"', async (event) => {
    const { asked } = await follow(() => refused(500))
    await vi.advanceTimersByTimeAsync(20_000)
    const before = asked.length
    page.hidden = true
    page.dispatchEvent(new Event(event))
    await vi.advanceTimersByTimeAsync(0)
    expect(asked).toHaveLength(before)
    page.hidden = false
    page.dispatchEvent(new Event(event))
    await vi.advanceTimersByTimeAsync(0)
    expect(asked).toHaveLength(before + 1)
  })

  it('that is refused as if the session was over goes on when it holds, and only then', async () => {
    const holding = await follow(() => refused(401))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(holding.asked).toEqual([0, 1_000])
    started?.stop()
    const over = await follow(
      () => refused(401),
      async () => false,
    )
    await vi.advanceTimersByTimeAsync(60_000)
    expect(over.asked).toEqual([0])
  })
})
