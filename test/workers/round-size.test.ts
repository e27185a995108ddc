/** @module How many deliveries a round takes of each endpoint. */
import { expect, it } from 'vitest'
import { perEndpointOf, ROUND_SIZE } from '../../src/workers/round-size.ts'

it.each([
  [1, ROUND_SIZE],
  [2, ROUND_SIZE / 2],
  [3, 66],
  [100, 2],
  // Two of each still: of one alone it would not be known whether there is more.
  [101, 2],
  [200, 2],
])('Of %i endpoints a round takes %i deliveries each', (endpoints, perEndpoint) => {
  expect(perEndpointOf(endpoints)).toBe(perEndpoint)
})
