/** @module What a handler finds in its context. */
import type { Deps } from '../workers/deps.ts'
import type { User } from './auth.ts'

export type Api = { Variables: { deps: Deps; user: User } }
