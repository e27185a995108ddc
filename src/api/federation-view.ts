/** @module The documents of federation, as their standards have them and as far as we fill them. */
import * as v from 'valibot'
import { VERSION } from '../version.ts'

const BASE = 'https://tubewire.example'
const Link = v.strictObject({ rel: v.string(), href: v.string() })

/** RFC 7033, 4.4. */
export const ShownDescriptor = v.strictObject({
  subject: v.string(),
  aliases: v.array(v.string()),
  links: v.array(v.strictObject({ rel: v.string(), type: v.string(), href: v.string() })),
})

export const exampleDescriptor = {
  subject: 'acct:tubewire@tubewire.example',
  aliases: [`${BASE}/actor`],
  links: [{ rel: 'self', type: 'application/activity+json', href: `${BASE}/actor` }],
}

export const ShownNodeinfoLinks = v.strictObject({ links: v.array(Link) })

export const exampleNodeinfoLinks = {
  links: [{ rel: 'http://nodeinfo.diaspora.software/ns/schema/2.1', href: `${BASE}/nodeinfo/2.1.json` }],
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** NodeInfo 2.1. */
export const ShownNodeinfo = v.strictObject({
  version: v.literal('2.1'),
  software: v.strictObject({ name: v.string(), version: v.string() }),
  protocols: v.array(v.string()),
  services: v.strictObject({ inbound: v.array(v.string()), outbound: v.array(v.string()) }),
  openRegistrations: v.boolean(),
  usage: v.strictObject({
    users: v.strictObject({ total: count, activeMonth: count, activeHalfyear: count }),
  }),
  metadata: v.strictObject({
    nodeName: v.string(),
    nodeDescription: v.string(),
    federation: v.strictObject({ enabled: v.boolean() }),
  }),
})

export const exampleNodeinfo = {
  version: '2.1',
  software: { name: 'tubewire', version: VERSION },
  protocols: ['activitypub'],
  services: { inbound: [], outbound: [] },
  openRegistrations: false,
  usage: { users: { total: 3, activeMonth: 1, activeHalfyear: 2 } },
  metadata: {
    nodeName: 'Tubewire',
    nodeDescription: 'Tells other software what is new on PeerTube instances.',
    federation: { enabled: false },
  },
}

/** ActivityStreams 2.0, Application; its key in the words of w3id.org/security/v1. Others may add to such documents. */
export const ShownActor = v.looseObject({
  '@context': v.array(v.string()),
  type: v.literal('Application'),
  id: v.string(),
  preferredUsername: v.string(),
  name: v.string(),
  summary: v.string(),
  url: v.string(),
  inbox: v.string(),
  outbox: v.string(),
  publicKey: v.strictObject({ id: v.string(), owner: v.string(), publicKeyPem: v.string() }),
})

export const exampleActor = {
  '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
  type: 'Application',
  id: `${BASE}/actor`,
  preferredUsername: 'tubewire',
  name: 'Tubewire',
  summary: 'Reads the public lists of PeerTube instances.',
  url: BASE,
  inbox: `${BASE}/actor/inbox`,
  outbox: `${BASE}/actor/outbox`,
  publicKey: {
    id: `${BASE}/actor#main-key`,
    owner: `${BASE}/actor`,
    publicKeyPem: '-----BEGIN PUBLIC KEY-----\nMIIB…\n-----END PUBLIC KEY-----\n',
  },
}

/** ActivityStreams 2.0, OrderedCollection. */
export const ShownBox = v.looseObject({
  '@context': v.string(),
  type: v.literal('OrderedCollection'),
  id: v.string(),
  totalItems: count,
  orderedItems: v.array(v.unknown()),
})

export const exampleBox = (box: 'outbox' | 'inbox') => ({
  '@context': 'https://www.w3.org/ns/activitystreams',
  type: 'OrderedCollection',
  id: `${BASE}/actor/${box}`,
  totalItems: 0,
  orderedItems: [],
})
