/** @module What others wrote, as a line of text: nothing of it is lost that is to be read, nothing turns what stands around it. */
import { describe, expect, it } from 'vitest'
import { excerpt, isolated, plainText } from '../../src/dashboard/parts/plain-text.ts'

describe('The text of a comment', () => {
  it('is what a page would show of its HTML, in one line', () => {
    expect(plainText('<p>Hello <strong>you</strong>, &lt;b&gt; &amp; all</p><p>next<br />line</p>')).toBe(
      'Hello you, <b> & all next line',
    )
  })

  it('keeps what only looks like HTML', () => {
    expect(plainText('1 < 2 and 3 > 2 &unknown;')).toBe('1 < 2 and 3 > 2 &unknown;')
  })

  it('is unescaped once only', () => {
    expect(plainText('&amp;lt;img&amp;gt;')).toBe('&lt;img&gt;')
  })
})

describe('An excerpt', () => {
  it('is the whole when that is short, in one line', () => {
    expect(excerpt(' two\n lines ', 20)).toBe('two lines')
  })

  it('is cut between characters, and says so', () => {
    expect(excerpt('👍👍👍', 2)).toBe('👍👍…')
  })
})

describe('A name within a sentence', () => {
  it('can’t turn the words around it', () => {
    expect(isolated('\u202egnp.exe\u2069')).toBe('\u2068gnp.exe\u2069')
  })
})
