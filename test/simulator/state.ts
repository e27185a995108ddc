/** @module What a route is given: the request, and all that the instance knows. */
import type { Notifications } from './notifications.ts'
import type { Caller } from './recordings.ts'
import type { RouteCache } from './route-cache.ts'
import type { Sessions } from './sessions.ts'
import type { World } from './world.ts'

export type Asked = {
  method: string
  url: URL
  caller: Caller
  headers: Record<string, string>
  body: string
}

/** What the simulator says of itself; `origin` takes the place of the recorded host. */
type Self = { origin: string; version: string; name: string }

export type State = {
  world: World
  sessions: Sessions
  notifications: Notifications
  cache: RouteCache
  self: Self
}
