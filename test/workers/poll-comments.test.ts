/** @module Comments of an instance: found wherever they are, with what the instance and the rights allow. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { RemoteInstance } from '../simulator/client.ts'
import { control, eventsOf, pass, type Tubewire, testDeps, watch } from '../support/harness.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let tubewire: Tubewire
beforeEach(() => {
  tubewire = testDeps()
  // As they are by default.
  const maxDelayMs = { videos: 5 * MINUTE, comments: 10 * MINUTE, notifications: 5 * MINUTE }
  tubewire.deps.config = { ...tubewire.deps.config, maxDelayMs }
})

/** An instance of a version whose videos and comments are watched, and its videos, newest first. */
async function commented(
  version: string,
  before?: (instance: RemoteInstance, uuids: string[]) => Promise<unknown>,
) {
  const instance = await control.instance({ videos: 3, version, limits: { api: 10_000 } })
  const uuids = await instance.list()
  await before?.(instance, uuids)
  const id = await watch(instance.origin, tubewire.deps, 0, ['videos', 'comments'])
  await pass(tubewire, instance, id, 2 * MINUTE)
  return { instance, id, uuids }
}

async function commentEvents(instance: RemoteInstance) {
  const events = await eventsOf(instance.origin)
  return events
    .filter(({ type }) => type.startsWith('comment.'))
    .map(({ type, subject }) => `${type} ${subject}`)
}

describe.each(['5.1.0', '6.3.0', '7.2.0', '8.1.0'])(
  'The comments of an instance of version %s',
  (version) => {
    it('that were there before are no news', async () => {
      const { instance, id } = await commented(version, async (made, [uuid = '']) => {
        const { id: root } = await made.comment(uuid, 'first')
        await made.comment(uuid, 'reply', root)
        await made.advance(HOUR)
      })
      await pass(tubewire, instance, id, 3 * HOUR)
      expect(await commentEvents(instance)).toEqual([])
    })

    it('are found, threads and replies, also deep in an old thread', async () => {
      let old = 0
      const { instance, id, uuids } = await commented(version, async (made, [, , uuid = '']) => {
        old = (await made.comment(uuid, 'old')).id
        old = (await made.comment(uuid, 'older reply', old)).id
        await made.advance(24 * HOUR)
      })
      const deep = await instance.comment(uuids[2] ?? '', 'deep', old)
      await pass(tubewire, instance, id, 20 * MINUTE)
      const root = await instance.comment(uuids[0] ?? '', 'root')
      await pass(tubewire, instance, id, 40 * MINUTE)
      const reply = await instance.comment(uuids[0] ?? '', 'reply', root.id)
      await pass(tubewire, instance, id, 40 * MINUTE)
      expect(await commentEvents(instance)).toEqual(
        [deep, root, reply].map((one) => `comment.created ${one.id}`),
      )
    })

    it('are told when they are edited or deleted', async () => {
      const { instance, id, uuids } = await commented(version)
      const root = await instance.comment(uuids[0] ?? '', 'root')
      const reply = await instance.comment(uuids[0] ?? '', 'reply', root.id)
      await pass(tubewire, instance, id, 40 * MINUTE)
      await instance.editComment(root.id, 'root, **edited**<script>alert(1)</script>')
      await pass(tubewire, instance, id, 3 * HOUR)
      await instance.removeComment(reply.id)
      await pass(tubewire, instance, id, 3 * HOUR)
      expect(await commentEvents(instance)).toEqual([
        `comment.created ${root.id}`,
        `comment.created ${reply.id}`,
        `comment.updated ${root.id}`,
        `comment.deleted ${reply.id}`,
      ])
      const updated = (await eventsOf(instance.origin)).find(({ type }) => type === 'comment.updated')
      expect(JSON.parse(updated?.data ?? '')).toMatchObject({
        comment: { html: '<p>root, <strong>edited</strong></p>' },
      })
    })
  },
)

describe('A comment that comes soon after another', () => {
  it.each(['6.3.0', '8.1.0'])(
    'is found in its time on %s, though the feed was just read',
    async (version) => {
      const { instance, id, uuids } = await commented(version)
      const found: string[] = []
      for (const uuid of uuids) {
        found.push(`comment.created ${(await instance.comment(uuid, 'new')).id}`)
        // No more than the delay, and a tick.
        await pass(tubewire, instance, id, 11 * MINUTE)
        expect(await commentEvents(instance)).toEqual(found)
      }
    },
  )
})
