/** @module The headers of rate limits in OpenAPI. */

/** References to them, for an answer. */
export const LIMIT_HEADERS = {
  'X-RateLimit-Limit': { $ref: '#/components/headers/X-RateLimit-Limit' },
  'X-RateLimit-Remaining': { $ref: '#/components/headers/X-RateLimit-Remaining' },
  'X-RateLimit-Reset': { $ref: '#/components/headers/X-RateLimit-Reset' },
}

/** A header that is a whole number. */
export const integerHeader = (description: string) => ({ description, schema: { type: 'integer' } })
/** What they are, in the words of the contract. */
export const limitHeaders = {
  'X-RateLimit-Limit': integerHeader('Number of max requests allowed in the current time period.'),
  'X-RateLimit-Remaining': integerHeader('Number of remaining requests in the current time period.'),
  'X-RateLimit-Reset': integerHeader('Timestamp of end of current time period as UNIX timestamp.'),
}
