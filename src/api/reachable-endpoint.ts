/** @module The endpoint that a path names, when it is the caller's to reach. */
import { type Endpoint, findEndpoint } from '../db/endpoints.ts'
import { type Input, userOf } from './operation.ts'
import { notFound } from './problem.ts'

/**
 * The endpoint that was asked for.
 * @param reach as the operation's, or `own`: his own only.
 * @throws Problem 404 when there is none, or it is somebody else's who is out of reach.
 */
export async function reachable(
  input: Input<{ id: string }, unknown, unknown>,
  reach = input.reach,
): Promise<Endpoint> {
  const { id } = input.params
  const owner = reach === 'all' ? null : userOf(input).id
  const endpoint = await findEndpoint(input.deps.env.DB, id, owner)
  if (!endpoint) throw notFound(`endpoint ${id}`)
  return endpoint
}
