import { expect, it } from 'vitest'
import { isSupported } from '../../src/peertube/probe.ts'

it.each([
  ['5.1.0', true],
  ['5.2.1', true],
  ['6.3.0', true],
  ['7.0.0-rc.1', true],
  ['8.1.0', true],
  ['10.0.0', true],
  ['v6.0.0', true],
  ['5.0.1', false],
  ['4.3.1', false],
  ['0.9', false],
  ['nightly', false],
  ['', false],
])('PeerTube %s is read: %s', (version, expected) => {
  expect(isSupported(version)).toBe(expected)
})
