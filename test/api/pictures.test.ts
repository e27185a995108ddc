/** @module /lazy-static: the pictures that events name, through the whole Worker. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { exampleEvent } from '../../src/api/event-view.ts'
import { exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import { picturePath } from '../../src/pictures/path.ts'
import { call, forgetAll, send } from '../support/call.ts'
import { exampleRows, logRow, setLog, VIEWER } from '../support/events.ts'
import { control, readAll, testDeps } from '../support/harness.ts'

beforeEach(forgetAll)

const { config } = testDeps().deps
const path = (url: string) => picturePath(config.encryptionKeys, 'thumbnails', url)

describe('A picture', () => {
  it('of an event is shown from here, as a picture and nothing else, and kept by browsers', async () => {
    const simulated = await control.instance({ videos: 1 })
    const made = await call('POST', '/instances', { url: simulated.origin, backfill: 1 })
    await readAll(testDeps(), String(made.body['id']))
    expect((await call('GET', '/events')).body.data[0]).not.toHaveProperty('pictures')
    const { body } = await call('GET', '/events?pictures=true')
    const thumbnail = /"thumbnail":"([^"]+)"/.exec(JSON.stringify(body.data))?.[1] ?? ''
    expect(thumbnail).toMatch(/^\/lazy-static\/thumbnails\//)

    const shown = await send('GET', thumbnail)
    expect(shown.status).toBe(200)
    expect(shown.headers.get('content-type')).toBe('image/jpeg')
    expect(shown.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    expect(shown.headers.get('x-content-type-options')).toBe('nosniff')
    expect(shown.headers.get('cache-control')).toContain('immutable')
    expect((await shown.arrayBuffer()).byteLength).toBeGreaterThan(50)
    const etag = shown.headers.get('etag') ?? ''
    expect((await send('GET', thumbnail, { 'if-none-match': etag })).status).toBe(304)
    const asked = (await simulated.requests()).filter((request) => request.path.includes('/lazy-static/'))
    expect(asked).toHaveLength(1)
  })

  it('of an account is shown from here too', async () => {
    const simulated = await control.instance({ videos: 1 })
    const signed = await picturePath(
      config.encryptionKeys,
      'avatars',
      `${simulated.origin}/lazy-static/avatars/a.png`,
    )
    const video = { ...exampleEvent.data.video }
    const account = { ...video.account, avatarUrl: `${simulated.origin}/lazy-static/avatars/a.png` }
    await env.DB.prepare(
      `INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data) VALUES ('evt_a', 'video.published', 'h', 'v', 0, 'p', ?)`,
    )
      .bind(JSON.stringify({ video: { ...video, account } }))
      .run()
    const { body } = await call('GET', '/events/evt_a?pictures=true')
    expect(body['pictures']).toMatchObject({ accountAvatar: signed, channelAvatar: null })
    const shown = await send('GET', signed)
    expect(shown.headers.get('content-type')).toBe('image/png')
    await shown.body?.cancel()
  })

  it('is named by every event about a video, and no other event is changed', async () => {
    await setLog(exampleRows(VIEWER))
    const plain = await call('GET', '/events')
    const pictured = await call('GET', '/events?pictures=true')
    for (const [index, event] of pictured.body.data.entries()) {
      const { pictures, ...rest } = event as Record<string, unknown>
      expect(rest).toEqual(plain.body.data[index])
      const { data } = exampleOf(EVENT_TYPES[index] ?? 'video.published')
      const thumbnail = 'video' in data && 'thumbnailUrl' in data.video ? data.video.thumbnailUrl : null
      expect(pictures).toEqual(
        'video' in data
          ? {
              thumbnail: thumbnail && (await path(thumbnail)),
              channelAvatar: null,
              accountAvatar: null,
              ...('comment' in data ? { commenterAvatar: null } : {}),
            }
          : undefined,
      )
    }
  })

  it('of whoever commented is named, also when nothing more is known of the video', async () => {
    const avatarUrl = 'https://peertube.example/lazy-static/avatars/b.png'
    const { comment, video } = exampleOf('comment.updated').data
    const data = {
      ...exampleOf('comment.updated').data,
      comment: { ...comment, account: comment.account && { ...comment.account, avatarUrl } },
      video: { ...video, channel: null, account: null },
    }
    await setLog([logRow({ sequence: 1, type: 'comment.updated', data: JSON.stringify(data) })])
    const { body } = await call('GET', '/events/evt_1?pictures=true')
    expect(body['pictures']).toEqual({
      thumbnail: null,
      channelAvatar: null,
      accountAvatar: null,
      commenterAvatar: await picturePath(config.encryptionKeys, 'avatars', avatarUrl),
    })
  })

  it('that nobody signed is 404, whatever it is, and nothing is fetched', async () => {
    const simulated = await control.instance({ videos: 1 })
    const signed = await path(`${simulated.origin}/lazy-static/thumbnails/a.jpg`)
    const other = Buffer.from('http://169.254.169.254/').toString('base64url')
    const forged = [
      signed.replace('/thumbnails/', '/avatars/'),
      signed.replace(/[^/]+$/, other),
      signed.replace(/\/[^/]+\/([^/]+)$/, '/x/$1'),
      `/lazy-static/thumbnails/x/${other}`,
      '/lazy-static/thumbnails/x/..%2f..%2fetc%2fpasswd',
    ]
    for (const one of forged) {
      const { status } = await send('GET', one)
      expect(status, one).toBe(404)
    }
    expect(await simulated.requests()).toEqual([])
  })

  it('that is no raster is 404, and one that the instance withholds for now is 503 with when to come back', async () => {
    const simulated = await control.instance({ videos: 1 })
    await simulated.fail({ kind: 'svg' })
    const svg = await send('GET', await path(`${simulated.origin}/lazy-static/thumbnails/svg.jpg`))
    expect(svg.status).toBe(404)
    expect(svg.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    const limited = await control.instance({ videos: 1 })
    await limited.fail({ kind: '429' })
    const busy = await send('GET', await path(`${limited.origin}/lazy-static/thumbnails/busy.jpg`))
    expect(busy.status).toBe(503)
    expect(Number(busy.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})
