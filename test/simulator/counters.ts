/** @module The counters of nodeinfo: they move when anything was added. */
import { isOpen } from './comments.ts'
import { type Answer, withBody } from './recorded-answers.ts'
import { recording } from './recordings.ts'
import type { State } from './state.ts'

/** `/nodeinfo/2.0.json`. */
export function nodeInfo({ world, self }: State): Answer {
  const recorded = recording('get_nodeinfo_2_0').response.body as { usage: object; software: object }
  return withBody('get_nodeinfo_2_0', {
    software: { ...recorded.software, version: self.version },
    usage: {
      ...recorded.usage,
      localPosts: world.listed().length,
      localComments: world.comments.all().filter(isOpen).length,
    },
  })
}
