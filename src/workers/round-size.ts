/** @module How much is under way at once, and so how much comes twice when a Worker dies. */

/**
 * Deliveries of one round, over all its endpoints: also the most that a crash can make come twice. Of very many endpoints it is two
 * each, of endpoints with batches a batch each, if that is more.
 */
export const ROUND_SIZE = 200
/** With one of each endpoint every one of them might have more, and be looked at once more in vain. */
const LEAST_PER_ENDPOINT = 2

/** How many deliveries a round takes of each of so many endpoints. */
export function perEndpointOf(endpoints: number): number {
  return Math.max(LEAST_PER_ENDPOINT, Math.floor(ROUND_SIZE / endpoints))
}
