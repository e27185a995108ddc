/** @module How much is under way at once, and so how much comes twice when a Worker dies. */

/**
 * Deliveries of one round, over all its endpoints: also the most that a crash can make come twice. Of endpoints with batches it is a
 * batch each, if that is more. Each round costs two calls of the database, which is why it is no smaller.
 */
export const ROUND_SIZE = 400
