/** @module The endpoint that a request names, when it is the caller's to reach. */
import { type Endpoint, findEndpoint } from '../db/endpoints.ts'
import { type Input, userOf } from './operation.ts'
import { notFound } from './problem.ts'

/**
 * An endpoint.
 * @param reach as the operation's, or `own`: his own only.
 * @throws Problem 404 when there is none, or it is somebody else's who is out of reach.
 */
export async function reachableEndpoint(
  input: Input<unknown, unknown, unknown>,
  endpointId: string,
  reach = input.reach,
): Promise<Endpoint> {
  const owner = reach === 'all' ? null : userOf(input).id
  const endpoint = await findEndpoint(input.deps.env.DB, endpointId, owner)
  // Whoever may look at others' endpoints is not told that there is none.
  if (!endpoint) throw notFound(`endpoint ${endpointId}${owner === null ? '' : ' of yours'}`)
  return endpoint
}

/** The endpoint that the path names. See `reachableEndpoint`. */
export function reachable(
  input: Input<{ id: string }, unknown, unknown>,
  reach = input.reach,
): Promise<Endpoint> {
  return reachableEndpoint(input, input.params.id, reach)
}
