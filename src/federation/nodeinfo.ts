/** @module NodeInfo 2.1: what software this is, for crawlers of the network. */
import { VERSION } from '../version.ts'
import { actorUrl } from './actor.ts'

const SCHEMA = 'http://nodeinfo.diaspora.software/ns/schema/2.1'

/** Of the document itself (NodeInfo protocol, "Retrieval"). */
export const NODEINFO_TYPE = `application/json; charset=utf-8; profile="${SCHEMA}#"`

/** `/.well-known/nodeinfo`: where the document is, and who asks on this service's behalf (FEP-2677). */
export function nodeinfoLinks(publicUrl: string) {
  return {
    links: [
      { rel: SCHEMA, href: `${publicUrl}/nodeinfo/2.1.json` },
      { rel: 'https://www.w3.org/ns/activitystreams#Application', href: actorUrl(publicUrl) },
    ],
  }
}

/** `users`: all that there are, and those who logged in within 30 and 180 days. */
export type NodeinfoFacts = {
  signup: 'closed' | 'approval' | 'open'
  users: { total: number; activeMonth: number; activeHalfyear: number }
}

/** `/nodeinfo/2.1.json`. It is public: it says how many there are, and nothing of anybody. */
export function nodeinfo({ signup, users }: NodeinfoFacts) {
  return {
    version: '2.1',
    software: { name: 'tubewire', version: VERSION },
    // The schema wants one at least, and the service actor is one of ActivityPub's. That there is no more to it: metadata.
    protocols: ['activitypub'],
    services: { inbound: [], outbound: [] },
    openRegistrations: signup === 'open',
    usage: {
      users: { total: users.total, activeHalfyear: users.activeHalfyear, activeMonth: users.activeMonth },
    },
    metadata: {
      nodeName: 'Tubewire',
      nodeDescription: 'Tells other software what is new on PeerTube instances, by webhook and API.',
      federation: { enabled: false },
    },
  }
}
