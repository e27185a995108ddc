/** @module Who asks: every request to an instance says so. */
import { expect, it } from 'vitest'
import { userAgent } from '../../src/peertube/user-agent.ts'
import { VERSION } from '../../src/version.ts'
import { pollInstance } from '../../src/workers/poll.ts'
import { KEY, sendTo } from '../support/call.ts'
import { control, testDeps, watch } from '../support/harness.ts'
import { as } from '../support/people.ts'

it.each([
  [null, null, `Tubewire/${VERSION} (webhooks for PeerTube)`],
  ['https://tubewire.example', null, `Tubewire/${VERSION} (+https://tubewire.example/actor)`],
  ['https://tubewire.example', 'mailto:me@example.org', `Tubewire/${VERSION} (+mailto:me@example.org)`],
])(
  'With the public URL %s and the contact %s, a poll and a probe say %s',
  async (publicUrl, contactUrl, expected) => {
    expect(userAgent({ url: contactUrl, publicUrl })).toBe(expected)
    const { deps } = testDeps()
    deps.config = { ...deps.config, publicUrl, contactUrl }

    const polled = await control.instance({ videos: 1 })
    await pollInstance(deps, await watch(polled.origin, deps))
    const probed = await control.instance({ videos: 1 })
    const body = { url: probed.origin, dryRun: true }
    const response = await sendTo(deps, 'POST', '/api/v1/instances', as(KEY), body)
    expect(response.status).toBe(200)

    for (const instance of [polled, probed]) {
      const said = (await instance.requests()).map(({ headers }) => headers['user-agent'])
      expect([...new Set(said)]).toEqual([expected])
    }
  },
)
