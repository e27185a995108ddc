/** @module The reader's endpoints, of which one is chosen. */
import { api, call } from '../../api.ts'
import { useLoaded } from '../../use-loaded.ts'

/** As many as a choice has room for. */
const MOST = 100

/** The newest of them. */
export function useOwnEndpoints() {
  return useLoaded('own-endpoints', () =>
    call(api.GET('/api/v1/endpoints', { params: { query: { count: MOST, sort: '-createdAt' } } })),
  )
}
