import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { remembering } from '../../src/feeds/remember.ts'

/** A function that counts how often it is asked. */
function counted() {
  const asked: string[] = []
  const render = (text: string) => {
    asked.push(text)
    return `<${text}>`
  }
  return { asked, render }
}

describe('A function that remembers', () => {
  it('is asked once for what fits, and again for what it had to forget', () => {
    const { asked, render } = counted()
    // Each takes four: two of them have room.
    const known = remembering(render, 8)
    expect(['a', 'b', 'a', 'c', 'a', 'b'].map(known)).toEqual(['<a>', '<b>', '<a>', '<c>', '<a>', '<b>'])
    expect(asked).toEqual(['a', 'b', 'c', 'b'])
  })

  it('keeps nothing that is longer than all of its room', () => {
    const { asked, render } = counted()
    const known = remembering(render, 8)
    expect(known('long text')).toBe('<long text>')
    expect(known('long text')).toBe('<long text>')
    expect(asked).toHaveLength(2)
  })

  it('gives what the function gives', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 5 })), fc.nat(50), (texts, room) => {
        const { render } = counted()
        expect(texts.map(remembering(render, room))).toEqual(texts.map(render))
      }),
    )
  })
})
