/** @module What a failure means for the rest of the instance, and in what words. */
import { expect, it } from 'vitest'
import { failed } from '../../src/peertube/client.ts'
import { diagnosed, isInstanceWide } from '../../src/peertube/failure.ts'

it.each([
  ['dns', null, true],
  ['refused', null, true],
  ['tls', null, true],
  ['timeout', null, true],
  ['timeout', 200, true],
  ['unreachable', null, true],
  ['redirect', 301, true],
  ['html', 200, true],
  ['server', 500, true],
  ['server', 503, true],
  ['server', 501, false],
  ['http', 404, false],
  ['not-json', 200, false],
  ['too-large', 200, false],
  ['schema', 200, false],
] as const)('%s (%s) says that the whole instance can’t be read: %s', (reason, status, expected) => {
  expect(isInstanceWide(reason, status)).toBe(expected)
})

it('A lost connection is called what was found out of it, and any other failure stays what it is', () => {
  const lost = failed('unreachable', 'could not be reached', null)
  expect(diagnosed(lost, 'dns')).toMatchObject({ reason: 'dns', detail: expect.stringContaining('name') })
  expect(diagnosed(lost, 'unreachable')).toEqual(lost)
  const late = failed('timeout', 'gave no answer within 15 s', null)
  expect(diagnosed(late, 'dns')).toEqual(late)
})
