import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { NODEINFO_TYPE, nodeinfo, nodeinfoLinks } from '../../src/federation/nodeinfo.ts'
import recorded from '../fixtures/recordings/get_wellknown_nodeinfo.json'

const amount = v.pipe(v.number(), v.integer(), v.minValue(0))
/** The NodeInfo 2.1 schema, of its lists what we use: it allows no other field, and no empty list of protocols. */
const NodeInfo21 = v.strictObject({
  version: v.literal('2.1'),
  software: v.strictObject({
    name: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/)),
    version: v.string(),
    repository: v.optional(v.string()),
    homepage: v.optional(v.string()),
  }),
  protocols: v.pipe(v.array(v.picklist(['activitypub', 'ostatus', 'xmpp', 'zot'])), v.minLength(1)),
  services: v.strictObject({
    inbound: v.array(v.picklist(['atom1.0', 'rss2.0'])),
    outbound: v.array(v.picklist(['atom1.0', 'rss2.0', 'smtp'])),
  }),
  openRegistrations: v.boolean(),
  usage: v.strictObject({
    users: v.strictObject({
      total: v.optional(amount),
      activeHalfyear: v.optional(amount),
      activeMonth: v.optional(amount),
    }),
    localPosts: v.optional(amount),
    localComments: v.optional(amount),
  }),
  metadata: v.record(v.string(), v.unknown()),
})

const users = { total: 4, activeMonth: 2, activeHalfyear: 3 }

describe('nodeinfo', () => {
  it.each([
    ['open', true],
    ['approval', false],
    ['closed', false],
  ] as const)('is valid, and says of a sign-up that is %s: %s', (signup, openRegistrations) => {
    const document = JSON.parse(JSON.stringify(nodeinfo({ signup, users })))
    expect(v.parse(NodeInfo21, document)).toEqual(document)
    expect(document).toMatchObject({ software: { name: 'tubewire' }, openRegistrations, usage: { users } })
  })

  it('does not claim to federate', () => {
    expect(nodeinfo({ signup: 'open', users })).toMatchObject({
      metadata: { federation: { enabled: false } },
      services: { inbound: [], outbound: [] },
    })
  })

  it('is found by links as PeerTube has them, to a document of version 2.1 and to the actor', () => {
    const { links } = nodeinfoLinks('https://tubewire.example')
    expect(links).toEqual([
      {
        rel: 'http://nodeinfo.diaspora.software/ns/schema/2.1',
        href: 'https://tubewire.example/nodeinfo/2.1.json',
      },
      { rel: recorded.response.body.links[1]?.rel, href: 'https://tubewire.example/actor' },
    ])
    expect(NODEINFO_TYPE).toContain(`profile="${links[0]?.rel}#"`)
  })
})
