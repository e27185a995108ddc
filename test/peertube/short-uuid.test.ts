import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shortUuidOf, uuidOf } from '../../src/peertube/short-uuid.ts'
import recorded from '../fixtures/recordings/get_videos_local_newest_skipcount.json'

const pairs = recorded.response.body.data.map(({ uuid, shortUUID }): [string, string] => [uuid, shortUUID])

describe('short UUIDs', () => {
  it.each<[string, string]>([
    ...pairs,
    ['00000000-0000-0000-0000-000000000000', '1'.repeat(22)],
    ['00000000-0000-0000-0000-00000000003a', `${'1'.repeat(20)}21`],
  ])('%s is %s', (uuid, short) => {
    expect(shortUuidOf(uuid)).toBe(short)
    expect(shortUuidOf(uuid.toUpperCase())).toBe(short)
    expect(uuidOf(short)).toBe(uuid)
  })

  it.each([
    '',
    '0',
    'O',
    'l',
    'I',
    'ab-c',
    'é',
    'Z'.repeat(22),
    '1'.repeat(23),
    '2854a725-032f-4813-9de6-9c19d844a333',
  ])('%j stands for no UUID', (text) => {
    expect(uuidOf(text)).toBeNull()
  })

  it.each(['', 'x', '2854a725032f48139de69c19d844a333', '5YRpvGVFMREQfasnyWGtST'])('%j is none', (text) => {
    expect(shortUuidOf(text)).toBeNull()
  })

  it('comes back from the short form, and answers anything', () => {
    fc.assert(fc.property(fc.uuid(), (uuid) => uuidOf(shortUuidOf(uuid) ?? '') === uuid))
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const answer of [uuidOf(text), shortUuidOf(text)])
          expect([null, 36, 22]).toContain(answer?.length ?? null)
      }),
    )
  })
})
