/** @module One consumer: where its page is, and what the API says of it. */
import { api, call, type Schemas } from '../../api.ts'
import { type Loaded, useLoaded } from '../../use-loaded.ts'

export type Consumer = Schemas['Consumer']

/** The address of its page; that of one called "new" is not the page that makes one. */
export function consumerPath(name: string): string[] {
  return name === 'new' ? ['consumers', name, 'one'] : ['consumers', name]
}

/** The consumer of a name, for all views of it. */
export function useConsumer(name: string): Loaded<Consumer> {
  return useLoaded<Consumer>(`consumer ${name}`, () =>
    call(api.GET('/api/v1/consumers/{name}', { params: { path: { name } } })),
  )
}
