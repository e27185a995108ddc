import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from '../../src/http/json.ts'

const FORBIDDEN = ['__proto__', 'constructor', 'prototype']
const MEGABYTE = 1024 * 1024

/** A piece of JSON, whether it holds a key twice or a forbidden one somewhere, and how deep it is. */
type Written = { text: string; isRefused: boolean }

/** A string of JSON, some of its letters escaped. */
const string = (letters: fc.Arbitrary<string>): fc.Arbitrary<{ text: string; value: string }> =>
  fc.tuple(letters, fc.array(fc.nat(9), { minLength: 7, maxLength: 7 })).map(([value, dice]) => {
    const units = Array.from({ length: value.length }, (_, index) => {
      const unit = value.charAt(index)
      const isEscaped = !unit.isWellFormed() || dice[index % dice.length] === 0
      const plain = JSON.stringify(unit).slice(1, -1)
      return isEscaped ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : plain
    })
    return { text: `"${units.join('')}"`, value }
  })

const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/)
// Few names, so that some are there twice.
const key = string(
  fc.oneof(
    { weight: 20, arbitrary: fc.stringMatching(/^[a-f"\\{}[\],:é]{1,2}$/) },
    { weight: 1, arbitrary: fc.constantFrom(...FORBIDDEN, '\ud800', 'toString', 'hasOwnProperty', '') },
  ),
)

/** Written JSON, with an oracle that knows what it wrote. */
const { written } = fc.letrec<{ written: Written }>((tie) => ({
  written: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(
      fc
        .constantFrom('null', 'true', '-0', '1e999', '0.5', '""', '"a,b"', '"{\\"a\\":1}"', '"\\\\"')
        .map((text): Written => ({ text, isRefused: false })),
      string(fc.string({ unit: 'binary' })).map(({ text }): Written => ({ text, isRefused: false })),
    ),
    fc.tuple(fc.array(tie('written')), space).map(
      ([items, blank]): Written => ({
        text: `[${blank}${items.map(({ text }) => text).join(`${blank},${blank}`)}${blank}]`,
        isRefused: items.some(({ isRefused }) => isRefused),
      }),
    ),
    fc
      .tuple(fc.array(fc.tuple(key, tie('written')), { maxLength: 6 }), space)
      .map(([fields, blank]): Written => {
        const names = fields.map(([{ value }]) => value)
        const isBad = (name: string) => FORBIDDEN.includes(name) || !name.isWellFormed()
        const members = fields.map(([name, { text }]) => `${name.text}${blank}:${blank}${text}`)
        return {
          text: `{${blank}${members.join(`${blank},${blank}`)}${blank}}`,
          isRefused:
            new Set(names).size < names.length ||
            names.some(isBad) ||
            fields.some(([, { isRefused }]) => isRefused),
        }
      }),
  ),
}))

describe('parseJson', () => {
  it('takes whatever JSON.parse takes, and gives the same, but for what it refuses', () => {
    fc.assert(
      fc.property(written, ({ text, isRefused }) => {
        const parsed = parseJson(text)
        expect(parsed).toEqual(
          isRefused ? { ok: false, problem: expect.any(String) } : { ok: true, value: JSON.parse(text) },
        )
      }),
      { numRuns: 1_000 },
    )
  })

  it('refuses whatever JSON.parse refuses, and never throws', () => {
    const broken = fc
      .tuple(written, fc.nat(), fc.string({ unit: 'binary', maxLength: 2 }))
      .map(([{ text }, at, mistake]) => text.slice(0, at % (text.length + 1)) + mistake)
    fc.assert(
      fc.property(fc.oneof(broken, fc.string({ unit: 'binary' })), (text) => {
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        const parsed = parseJson(text)
        if (!isJson) expect(parsed).toEqual({ ok: false, problem: expect.stringMatching(/^is not JSON/) })
      }),
      { numRuns: 1_000 },
    )
  })

  it.each([
    ['{"a":1,"a":1}', 'a is there twice'],
    ['{"a":1,"\\u0061":1}', 'a is there twice'],
    ['{"filters":{"tags":[],"b":{},"tags":0}}', 'filters.tags is there twice'],
    ['{"a":[{"b":1},{"b":1},{"b":[],"b":1}]}', 'a[2].b is there twice'],
    ['[[1,2],[3,{"x":{"y":0,"y":0}}]]', '[1][1].x.y is there twice'],
    ['{"a.b":{"":1,"":2}}', '["a.b"][""] is there twice'],
    ['{"a":{"__proto__":{"isAdmin":true}}}', 'a.__proto__ is a name that is not allowed'],
    ['{"\\u005f_proto__":1}', '__proto__ is a name that is not allowed'],
    ['{"constructor":1}', 'constructor is a name that is not allowed'],
    ['[{"prototype":1}]', '[0].prototype is a name that is not allowed'],
    ['{"a\\ud800":1}', '["a\\ud800"] is a name with half a character'],
    [`${'['.repeat(101)}${']'.repeat(101)}`, 'it is nested deeper than 100 levels'],
    ['{"a":', 'is not JSON: it ends too early'],
    ['{"a":1]', 'is not JSON: there is a mistake at position 6'],
    ['', 'is not JSON: it ends too early'],
  ])('refuses %s: %s', (text, problem) => {
    const parsed = parseJson(text)
    expect(parsed.ok ? null : parsed.problem).toContain(problem)
  })

  it.each([
    `${'['.repeat(100)}${']'.repeat(100)}`,
    '{"a":{"a":{"a":1}},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":"a"}',
    '{"a":"\\ud800"}',
    '{"\\ud83d\\ude00":1}',
    '{"a":"{\\"a\\":1,\\"a\\":1}"}',
    '"__proto__"',
    '["constructor","constructor"]',
    '{"toString":1,"hasOwnProperty":2}',
  ])('takes %s', (text) => {
    expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) })
  })

  it('shows no value, and no more than the beginning of a name', () => {
    for (const text of ['{"password":"my-secret"x', 'my-secret', '["my-secret"', '{"a":1,"a":"my-secret"}']) {
      expect(JSON.stringify(parseJson(text))).not.toContain('my-secret')
    }
    const name = 'n'.repeat(100_000)
    const parsed = parseJson(`{"${name}":{"${name}":1,"${name}":1}}`)
    expect(parsed.ok ? 0 : parsed.problem.length).toBeLessThan(300)
  })

  const fastest = (text: string) =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const startedAt = performance.now()
        parseJson(text)
        return performance.now() - startedAt
      }),
    )

  it.each([
    ['brackets that nothing closes', '['.repeat(MEGABYTE)],
    ['brackets', '['.repeat(MEGABYTE / 2) + ']'.repeat(MEGABYTE / 2)],
    ['objects that nothing closes', '{"a":'.repeat(MEGABYTE / 5)],
    ['objects', `${'{"a":'.repeat(MEGABYTE / 6)}1${'}'.repeat(MEGABYTE / 6)}`],
    ['a string that nothing closes', `{"a":"${'\\'.repeat(MEGABYTE - 5)}`],
  ])('refuses a megabyte of %s within 50 ms', (_name, text) => {
    expect(parseJson(text)).toMatchObject({ ok: false })
    expect(fastest(text)).toBeLessThan(50)
  })

  it.each([
    ['backslashes', `{"a":"${'\\\\'.repeat(MEGABYTE / 2)}"}`],
    ['quotes', `["${'\\"'.repeat(MEGABYTE / 2)}"]`],
    ['keys', `{${Array.from({ length: MEGABYTE / 12 }, (_, n) => `"${String(n).padStart(7, '0')}":1`)}}`],
    ['escaped keys', `{${Array.from({ length: MEGABYTE / 12 }, (_, n) => `"\\n${n}":1`)}}`],
    ['empty objects', `[${'{},'.repeat(MEGABYTE / 3)}{}]`],
    ['one long key', `{"${'k'.repeat(MEGABYTE)}":1,"${'k'.repeat(10)}":1}`],
  ])('takes a megabyte of %s, in a time that grows no faster than the text', (_name, text) => {
    expect(parseJson(text)).toMatchObject({ ok: true })
    // Some tens of milliseconds; what looks at everything for each thing takes minutes.
    expect(fastest(text)).toBeLessThan(1_000)
  })
})
