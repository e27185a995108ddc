/** @module Who polls: what the people who run instances find behind our User-Agent. */
import * as v from 'valibot'
import { countUsers } from '../db/users.ts'
import { ACTIVITY_TYPE, actorDocument, boxDocument } from '../federation/actor.ts'
import { NODEINFO_TYPE, nodeinfo, nodeinfoLinks } from '../federation/nodeinfo.ts'
import { JRD_TYPE, webfinger } from '../federation/webfinger.ts'
import { actorPublicKey } from '../workers/service-key.ts'
import {
  exampleActor,
  exampleBox,
  exampleDescriptor,
  exampleNodeinfo,
  exampleNodeinfoLinks,
  ShownActor,
  ShownBox,
  ShownDescriptor,
  ShownNodeinfo,
  ShownNodeinfoLinks,
} from './federation-view.ts'
import { text } from './fields.ts'
import { type Answer, operation } from './operation.ts'
import { invalidParams, notFound } from './problem.ts'
import { invalid } from './request/validate.ts'

const json = (body: unknown, type: string): Answer => ({
  status: 200,
  body,
  headers: { 'content-type': type, 'cache-control': 'public, max-age=600' },
})
const get = { method: 'GET', tag: 'Federation' } as const

/** Counting reads all users: once in ten minutes, however often it is asked for. */
const COUNTED_FOR_MS = 600_000
let counted = { at: 0, users: { total: 0, activeMonth: 0, activeHalfyear: 0 } }

export const federationOperations = [
  operation({
    ...get,
    id: 'getWebfinger',
    path: '/.well-known/webfinger',
    summary: 'Find the actor by its name (RFC 7033)',
    query: v.object({
      resource: v.pipe(
        text(500),
        v.minLength(1, 'is missing'),
        v.description('`acct:tubewire@HOST`, or its URL.'),
      ),
      rel: v.optional(
        v.union([text(500), v.pipe(v.array(text(500)), v.maxLength(20, 'must be at most 20'))]),
      ),
    }),
    answers: {
      200: {
        description: 'The descriptor.',
        contentTypes: ['application/jrd+json'],
        schema: ShownDescriptor,
        example: exampleDescriptor,
      },
    },
    problems: [404],
    async handle({ query: { resource, rel }, origin }) {
      const found = webfinger(origin, resource, rel === undefined ? [] : [rel].flat())
      if (found.kind === 'malformed')
        throw invalidParams(invalid('query', 'resource', found.problem, resource))
      if (found.kind === 'unknown') throw notFound(`resource ${resource}`)
      return json(found.document, JRD_TYPE)
    },
  }),
  operation({
    ...get,
    id: 'getNodeInfoLinks',
    path: '/.well-known/nodeinfo',
    summary: 'Where NodeInfo is',
    answers: { 200: { description: 'Links.', schema: ShownNodeinfoLinks, example: exampleNodeinfoLinks } },
    async handle({ origin }) {
      return json(nodeinfoLinks(origin), 'application/json; charset=utf-8')
    },
  }),
  operation({
    ...get,
    id: 'getNodeInfo',
    path: '/nodeinfo/2.1.json',
    summary: 'NodeInfo 2.1',
    answers: {
      200: { description: 'What this service is.', schema: ShownNodeinfo, example: exampleNodeinfo },
    },
    async handle({ deps: { env, config, clock } }) {
      const now = clock()
      if (now - counted.at > COUNTED_FOR_MS) counted = { at: now, users: await countUsers(env.DB, now) }
      const { users } = counted
      return json(nodeinfo({ users, signup: config.signup }), NODEINFO_TYPE)
    },
  }),
  operation({
    ...get,
    id: 'getActor',
    path: '/actor',
    summary: 'The actor that polls (ActivityPub)',
    answers: {
      200: {
        description: 'The actor.',
        contentTypes: ['application/activity+json'],
        schema: ShownActor,
        example: exampleActor,
      },
    },
    async handle({ deps, origin }) {
      const { mail } = deps.config
      const contact = mail.kind === 'keep' ? null : mail.from
      return json(actorDocument(origin, await actorPublicKey(deps), contact), ACTIVITY_TYPE)
    },
  }),
  box('getActorOutbox', 'outbox', 'What the actor publishes: nothing'),
  box('getActorInbox', 'inbox', 'What the actor is sent: nothing, it takes no POST'),
]

function box(id: 'getActorOutbox' | 'getActorInbox', name: 'outbox' | 'inbox', summary: string) {
  return operation({
    ...get,
    id,
    path: `/actor/${name}`,
    summary,
    answers: {
      200: {
        description: 'An empty collection.',
        contentTypes: ['application/activity+json'],
        schema: ShownBox,
        example: exampleBox(name),
      },
    },
    async handle({ origin }) {
      return json(boxDocument(origin, name), ACTIVITY_TYPE)
    },
  })
}
