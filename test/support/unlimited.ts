/** @module What reads an instance, with a client and no limiter. */
import { type ClientDeps, type Get, getJson, type Observation } from '../../src/peertube/client.ts'

/** A `Get` that asks nobody for leave. @param saw is told what each answer says of the instance's limit. */
export function unlimited(
  { fetch, clock }: Pick<ClientDeps, 'fetch' | 'clock'>,
  saw: (observation: Observation | null) => void = () => undefined,
): Get {
  return async (url, options) => {
    const answer = await getJson({ fetch, clock, userAgent: 'Tubewire' }, url, options)
    saw(answer.observation)
    if (answer.kind === 'rate-limited') throw new Error('the instance answered 429')
    return answer
  }
}
