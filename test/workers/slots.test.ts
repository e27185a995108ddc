import { describe, expect, it } from 'vitest'
import { Slots } from '../../src/workers/slots.ts'

/** Work that lasts until it is told to end. */
function work() {
  const order: string[] = []
  const ends = new Map<string, () => void>()
  const begin = (name: string) => () =>
    new Promise<void>((resolve) => {
      order.push(name)
      ends.set(name, resolve)
    })
  return { order, begin, end: (name: string) => ends.get(name)?.() }
}
const never = new AbortController().signal

describe('Slots', () => {
  it('let so many in at once, the others in the order of asking', async () => {
    const slots = new Slots(2, 100)
    const { order, begin, end } = work()
    const all = ['a', 'b', 'c', 'd'].map((name) => slots.run(begin(name), never))
    await Promise.resolve()
    expect(order).toEqual(['a', 'b'])
    expect(slots.areAllTaken).toBe(true)
    end('b')
    await all[1]
    expect(order).toEqual(['a', 'b', 'c'])
    for (const name of ['a', 'c']) end(name)
    await all[2]
    expect(order).toEqual(['a', 'b', 'c', 'd'])
    end('d')
    await Promise.all(all)
    expect(slots.areAllTaken).toBe(false)
    expect(slots.freed).toBe(4)
  })

  it('do not begin what was stopped while it waited, and go to the next', async () => {
    const slots = new Slots(1, 100)
    const { order, begin, end } = work()
    const stopping = new AbortController()
    const first = slots.run(begin('a'), never)
    const stopped = slots.run(begin('b'), stopping.signal)
    const third = slots.run(begin('c'), never)
    stopping.abort()
    await stopped
    end('a')
    await first
    expect(order).toEqual(['a', 'c'])
    end('c')
    await third
    await slots.run(begin('d'), stopping.signal)
    expect(order).toEqual(['a', 'c'])
  })

  it('begin no more than they may in all', async () => {
    const slots = new Slots(5, 3)
    let begun = 0
    await Promise.all(
      Array.from({ length: 10 }, () =>
        slots.run(async () => {
          begun += 1
        }, never),
      ),
    )
    expect(begun).toBe(3)
    expect(slots.areSpent).toBe(true)
    expect(slots.areAllTaken).toBe(false)
  })

  it('are free again when work fails', async () => {
    const slots = new Slots(1, 100)
    await expect(slots.run(() => Promise.reject(new Error('no')), never)).rejects.toThrow('no')
    expect(slots.areAllTaken).toBe(false)
  })
})
