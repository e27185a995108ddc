/** @module What an instance of each version says otherwise. */
import { expect, it } from 'vitest'
import { startInstance } from './instance.ts'
import { tokenOf } from './recordings.ts'

/** What a version has: the name of the refused parameter's field, and whether each thing is there. */
const VERSIONS: [string, 'param' | 'path', ...boolean[]][] = [
  // held comments, own comments, counts, sort by them, thumbnails
  ['5.1.0', 'param', false, false, false, false, false],
  ['6.0.4', 'path', false, false, false, false, false],
  ['6.2.1', 'path', true, false, false, false, false],
  ['6.3.0', 'path', true, true, false, false, false],
  ['7.2.0', 'path', true, true, true, false, false],
  ['8.0.0', 'path', true, true, true, true, false],
  ['8.1.0', 'path', true, true, true, true, true],
  ['10.0.0-rc.1', 'path', true, true, true, true, true],
]

it.each(VERSIONS)('%s', async (version, field, held, own, counts, sort, thumbnails) => {
  const instance = await startInstance({ videos: 0 })
  try {
    instance.upgrade(version)
    const [uuid] = instance.publishMany(2).map((video) => video.uuid)
    instance.comment(uuid ?? '', 'Counted')
    instance.comment(uuid ?? '', 'Held', null, { held: true })
    instance.removeComment(instance.comment(uuid ?? '', 'Deleted').id)
    async function get(path: string, user?: 'root' | 'alice') {
      const headers: HeadersInit = user ? { authorization: `Bearer ${tokenOf(user)}` } : {}
      const response = await fetch(`${instance.origin}/api/v1${path}`, { headers })
      // What the simulator answers to these paths.
      const body = (await response.json()) as {
        serverVersion?: string
        data: Record<string, unknown>[]
        'invalid-params': { count: object }
      }
      return { status: response.status, body }
    }
    expect((await get('/config')).body.serverVersion).toBe(version)
    const refused = (await get('/videos?count=101')).body['invalid-params'].count
    expect(['param', 'path'].filter((name) => name in refused)).toEqual([field])
    const threads = (await get(`/videos/${uuid}/comment-threads`)).body.data
    expect(threads.map((thread) => 'heldForReview' in thread)).toEqual([held, held])
    const all = (await get('/videos/comments', 'root')).body.data
    expect(all.map((comment) => 'heldForReview' in comment)).toEqual([held, held])
    expect((await get('/users/me/videos/comments?sort=-createdAt', 'alice')).status).toBe(own ? 200 : 404)
    const listed = (await get('/videos')).body.data.find((video) => video['uuid'] === uuid)
    expect(listed?.['comments']).toBe(counts ? 1 : undefined)
    const sorted = await get('/videos?sort=-comments')
    expect(sorted.status).toBe(sort ? 200 : 400)
    if (sort) expect(sorted.body.data[0]?.['uuid']).toBe(uuid)
    expect(listed?.['thumbnails']).toEqual(
      thumbnails
        ? [{ fileUrl: `${instance.origin}${listed?.['thumbnailPath']}`, width: 280, height: 157 }]
        : undefined,
    )
  } finally {
    await instance.close()
  }
})
