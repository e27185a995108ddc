/** @module What owners of connections are called, for who may see others'. */
import { api, call } from '../../api.ts'
import { useLoaded } from '../../use-loaded.ts'

/** @param isWanted otherwise nobody is looked up. @returns the name of a user by his id, or else the id. */
export function useOwnerNames(isWanted: boolean): (id: string) => string {
  const { data } = useLoaded(isWanted ? 'connections owners' : null, () =>
    call(api.GET('/api/v1/users', { params: { query: { count: 100 } } })),
  )
  return (id) => data?.data.find((user) => user.id === id)?.username ?? id
}
