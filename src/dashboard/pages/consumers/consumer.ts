/** @module One consumer: where its page is, and what the API says of it. */
import { api, call, type Result, type Schemas } from '../../api.ts'

export type Consumer = Schemas['Consumer']

/** The address of its page; that of one called "new" is not the page that makes one. */
export function consumerPath(name: string): string[] {
  return name === 'new' ? ['consumers', name, 'one'] : ['consumers', name]
}

/** The consumer of a name. */
export function readConsumer(name: string): Promise<Result<Consumer>> {
  return call(api.GET('/api/v1/consumers/{name}', { params: { path: { name } } }))
}
