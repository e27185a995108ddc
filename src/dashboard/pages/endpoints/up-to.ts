/** @module The way up to an endpoint. */
import { endpointName } from '../../endpoint-name.ts'
import { t } from '../../texts/index.ts'
import type { Endpoint } from './reads.ts'

/** To its page, by its name once that is known. */
export function upTo(id: string, endpoint: Endpoint | null | undefined) {
  return { title: endpoint ? endpointName(endpoint) : t.endpoints.one, path: ['endpoints', id] }
}
