import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  readSecretSet,
  rotate,
  type SecretSet,
  usableSecrets,
  writeSecretSet,
} from '../../src/webhooks/secret-set.ts'
import { newSecret } from '../../src/webhooks/signature.ts'

const HOUR = 3_600_000
const [A, B, C] = [newSecret(), newSecret(), newSecret()]
const alone = (current: string): SecretSet => ({ current, previous: [] })

describe('rotate', () => {
  it('signs with both until the overlap ends, the new one first, and with the new one from then on', () => {
    const set = rotate(alone(A), B, HOUR, 1_000)
    expect(usableSecrets(set, 1_000)).toEqual([B, A])
    expect(usableSecrets(set, 1_000 + HOUR - 1)).toEqual([B, A])
    expect(usableSecrets(set, 1_000 + HOUR)).toEqual([B])
  })

  it('ends with the one before at once, without an overlap', () => {
    expect(rotate(alone(A), B, 0, 1_000)).toEqual(alone(B))
  })

  it('leaves those before it their own time', () => {
    const twice = rotate(rotate(alone(A), B, HOUR, 0), C, 2 * HOUR, 1)
    expect(twice).toEqual({
      current: C,
      previous: [
        { secret: B, expiresAt: 2 * HOUR + 1 },
        { secret: A, expiresAt: HOUR },
      ],
    })
    expect(rotate(rotate(alone(A), B, HOUR, 0), C, 0, 1).previous).toEqual([{ secret: A, expiresAt: HOUR }])
  })

  it('drops what has expired', () => {
    const twice = rotate(rotate(alone(A), B, HOUR, 0), C, HOUR, HOUR)
    expect(twice.previous).toEqual([{ secret: B, expiresAt: 2 * HOUR }])
  })

  it('keeps five former ones at most: the newest', () => {
    const secrets = Array.from({ length: 9 }, newSecret)
    const set = secrets.reduce((before, next) => rotate(before, next, HOUR, 0), alone(A))
    expect(usableSecrets(set, 0)).toEqual(secrets.toReversed().slice(0, 6))
  })

  it('never signs twice with the same one', () => {
    expect(rotate(alone(A), A, HOUR, 0)).toEqual(alone(A))
    const back = rotate(rotate(alone(A), B, HOUR, 0), A, HOUR, 1)
    expect(usableSecrets(back, 1)).toEqual([A, B])
  })

  it('leaves the set that it was given as it was', () => {
    const set = Object.freeze({ current: A, previous: Object.freeze([]) })
    rotate(set, B, HOUR, 0)
    expect(set).toEqual(alone(A))
  })
})

describe('A set of secrets as a text', () => {
  it('is the secret alone while there is one, as it was before there were sets', () => {
    expect(writeSecretSet(alone(A))).toBe(A)
    expect(readSecretSet(A)).toEqual(alone(A))
  })

  it('comes back as it was, whatever was rotated', () => {
    const step = fc.record({ overlapMs: fc.nat(10 * HOUR), now: fc.nat(100 * HOUR) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const set = steps.reduce(
          (before, { overlapMs, now }) => rotate(before, newSecret(), overlapMs, now),
          alone(newSecret()),
        )
        expect(readSecretSet(writeSecretSet(set))).toEqual(set)
      }),
    )
  })

  it.each([
    ['nothing', '', 'it must be "whsec_"'],
    ['another text', 'hunter2', 'it must be "whsec_"'],
    ['a secret that is cut', 'whsec_MfKQ', 'it is of 3'],
    ['a text of JSON', `"${A}"`, 'it must be "whsec_"'],
    ['an empty object', '{}', '"current" is not'],
    ['JSON that is cut', `{"current":"${A}","prev`, 'the text is not JSON'],
    ['JSON with a mistake', `{"current":"${A}",}`, 'is not JSON'],
    [
      'a key that is there twice',
      `{"current":"${A}","current":"${B}","previous":[]}`,
      'current is there twice',
    ],
    [
      'a prototype',
      `{"__proto__":{"current":"${A}","previous":[]}}`,
      '__proto__ is a name that is not allowed',
    ],
    ['a secret that is none', '{"current":"hunter2","previous":[]}', '"current" is not'],
    ['a secret that is a number', '{"current":1,"previous":[]}', '"current" is not'],
    ['no former ones', `{"current":"${A}"}`, '"previous" is not'],
    ['former ones that are no list', `{"current":"${A}","previous":{"0":1}}`, '"previous" is not'],
    [
      'a former one without an end',
      `{"current":"${A}","previous":[{"secret":"${B}"}]}`,
      '"previous.0.expiresAt" is not',
    ],
    [
      'a former one that never ends',
      `{"current":"${A}","previous":[{"secret":"${B}","expiresAt":1e999}]}`,
      '"previous.0.expiresAt" is not',
    ],
    [
      'a former one that is none',
      `{"current":"${A}","previous":[{"secret":"hunter2","expiresAt":1}]}`,
      '"previous.0.secret" is not',
    ],
    [
      'more former ones than there are',
      JSON.stringify({ current: A, previous: Array(6).fill({ secret: B, expiresAt: 1 }) }),
      '"previous" is not',
    ],
    ['depth', `{"current":${'['.repeat(1_000)}`, 'nested deeper'],
  ])('that holds %s is refused, and not repeated', (_name, text, problem) => {
    const read = () => readSecretSet(text)
    expect(read).toThrow(/^the endpoint's secrets? can't be read: /)
    expect(read).toThrow(problem)
    for (const part of [A.slice(6), B.slice(6), 'hunter2', 'MfKQ']) expect(read).not.toThrow(part)
  })
})
