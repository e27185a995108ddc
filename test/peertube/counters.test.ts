import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCounters } from '../../src/peertube/counters.ts'
import recorded from '../fixtures/recordings/get_nodeinfo_2_0.json'
import { answering, failure, ORIGIN } from '../support/answering.ts'
import { anyValue, spoiled } from '../support/hostile.ts'

const { body } = recorded.response

describe('readCounters', () => {
  it('reads the version, the counters, and for how long they stay the same', async () => {
    const { get, asked } = answering(body, { maxAgeSeconds: 600 })
    expect(await readCounters(get, ORIGIN, 'W/"0"')).toEqual({
      kind: 'counters',
      version: '6.3.0',
      comments: 5,
      posts: 6,
      maxAgeSeconds: 600,
      etag: 'W/"1"',
    })
    expect(asked).toEqual([{ url: new URL(`${ORIGIN}/nodeinfo/2.0.json`), options: { etag: 'W/"0"' } }])
  })

  it.each([
    [undefined],
    [null],
    ['many'],
    [{}],
    [{ localComments: -1, localPosts: '6' }],
    [{ localComments: 0.5, localPosts: null }],
  ])('of a usage of %j takes none', async (usage) => {
    const counters = await readCounters(answering({ ...body, usage }).get, ORIGIN, null)
    expect(counters).toMatchObject({ kind: 'counters', version: '6.3.0', comments: null, posts: null })
  })

  it.each([
    [{ software: { name: 'mastodon', version: '4.3.0' } }, 'software.name'],
    [{ software: { name: 'peertube' } }, 'software.version'],
    [{ software: { name: 'peertube', version: 'x'.repeat(101) } }, 'software.version'],
    [{ software: null }, 'software'],
  ])('takes no %j for an instance of PeerTube', async (change, field) => {
    const answer = await readCounters(answering({ ...body, ...change }).get, ORIGIN, null)
    expect(answer).toMatchObject({ kind: 'failed', reason: 'schema' })
    expect(answer.kind === 'failed' && answer.detail).toContain(`${field}: `)
  })

  it('passes on that there was no answer', async () => {
    expect(await readCounters(async () => failure(502), ORIGIN, null)).toEqual(failure(502))
  })

  it('never throws, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(spoiled(body), anyValue), async (sent) => {
        const answer = await readCounters(answering(sent).get, ORIGIN, null)
        expect(['counters', 'failed']).toContain(answer.kind)
      }),
      { numRuns: 200 },
    )
  })
})
