/**
 * @module Cross-origin requests (Fetch standard, CORS protocol): the rows of PeerTube's table and feeds answer any
 * origin, nothing else does. Never with credentials: a page of another origin is nobody by the cookie of ours (cookie.ts).
 */

const ROWS = [
  /^\/api\//,
  /^\/download\//,
  /^\/lazy-static\//,
  /^\/feeds[/.]/,
  /^\/\.well-known\/webfinger$/,
  /^\/actor(\/|$)/,
]

/** What a page of another origin may read of an answer's headers. */
const EXPOSED = [
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Retry-After',
  'ETag',
  'Last-Modified',
  'Link',
  'Location',
  'WWW-Authenticate',
  'X-Request-Id',
  'Idempotency-Replayed',
].join(', ')

/** A browser may keep what a preflight said for two hours: no longer in any of them. */
const MAX_AGE_SECONDS = 7_200

/** Whether a path is one of the rows. */
export function isCrossOrigin(path: string): boolean {
  return ROWS.some((row) => row.test(path))
}

/** Whether a request asks what another may send. */
export function isPreflight(request: Request): boolean {
  const { headers } = request
  return request.method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
}

/** Adds what every answer of such a path carries. */
export function allowAnyOrigin(headers: Headers): void {
  headers.set('access-control-allow-origin', '*')
  headers.set('access-control-expose-headers', EXPOSED)
}

/** Adds what the answer to a preflight carries. All methods: so a page learns of a 405 and what it says, as PeerTube's do. */
export function answerPreflight(headers: Headers, request: Request): void {
  headers.set('access-control-allow-methods', 'GET, HEAD, PUT, PATCH, POST, DELETE')
  const asked = request.headers.get('access-control-request-headers')
  // A header name, as RFC 9110, 5.1 has them; anything else is not repeated.
  if (asked !== null && /^[\w!#$%&'*+.^`|~, -]{1,1000}$/.test(asked))
    headers.set('access-control-allow-headers', asked)
  headers.set('access-control-max-age', String(MAX_AGE_SECONDS))
  headers.append('vary', 'Access-Control-Request-Headers')
}
