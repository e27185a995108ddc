/** @module /websub: the hub of public feeds (W3C WebSub, https://www.w3.org/TR/websub/). What it was asked for: hub-requests.ts. */
import * as v from 'valibot'
import { findPublishedFeed } from '../db/feeds.ts'
import { type HubLimits, insertHubRequest, isSubscribed } from '../db/hub.ts'
import { newId } from '../db/id.ts'
import { readTopic } from '../feeds/urls.ts'
import { judgeTarget } from '../http/target-check.ts'
import { encryptSecret } from '../secrets.ts'
import { HUB_ALGORITHMS, writeHubSecret } from '../webhooks/hub-signature.ts'
import { runHubRequest } from '../workers/hub-requests.ts'
import { type Input, operation } from './operation.ts'

const HOUR_SECONDS = 3_600
/** How long a subscription holds: never for ever (WebSub, 5.1). What is asked for beyond these is brought between them. */
const LEASE_SECONDS = { least: HOUR_SECONDS, usual: 10 * 24 * HOUR_SECONDS, most: 30 * 24 * HOUR_SECONDS }
/** A stranger must not make us ask others, or send to them, without end. */
const MOST: HubLimits = {
  pending: 1_000,
  subscribers: 10_000,
  ofHost: { pending: 20, subscriptions: 1_000 },
}
/** "This parameter MUST be less than 200 bytes in length" (5.1). */
const LONGEST_SECRET_BYTES = 199
const LONGEST_URL = 2_000

const sent = (description: string) => v.optional(v.pipe(v.string(), v.description(description)))

/** All of it text, and optional here: what is wrong is said as a hub says it. "Additional parameters … MUST be ignored." */
const HubForm = v.looseObject({
  'hub.mode': sent('`subscribe` or `unsubscribe`.'),
  'hub.topic': sent('The feed: its address as its link `self` has it.'),
  'hub.callback': sent('Where the feed is posted. Its query is kept.'),
  'hub.lease_seconds': sent('For how long: 3600 to 2592000; 864000 when it is left out.'),
  'hub.secret': sent('What is sent is signed with it, in `X-Hub-Signature`. Less than 200 bytes.'),
})
type HubForm = v.InferOutput<typeof HubForm>

export const webSubOperations = [
  operation({
    id: 'askHub',
    method: 'POST',
    path: '/websub',
    tag: 'Feeds',
    summary: 'Subscribe to a public feed, or unsubscribe (WebSub)',
    description:
      'The hub asks the callback whether it wants that, with `hub.challenge`, which it must answer 2xx with the challenge alone. From then on the whole feed is posted there whenever it changes, until the lease is over: subscribe again before that. What is answered 410 ends the subscription.',
    query: v.strictObject({
      algorithm: v.optional(
        v.pipe(
          v.picklist(HUB_ALGORITHMS, `must be one of ${HUB_ALGORITHMS.join(', ')}`),
          v.description('With which hash signatures are made, for subscribers that know no other.'),
        ),
        'sha256',
      ),
    }),
    bodyType: 'form',
    body: HubForm,
    example: {
      'hub.mode': 'subscribe',
      'hub.topic': 'https://tubewire.example/feeds/news.atom',
      'hub.callback': 'https://reader.example/callback?feed=1',
      'hub.secret': 'a secret of the subscriber',
    },
    isRepeatable: false,
    answers: { 202: { description: 'The callback is asked.', contentTypes: ['text/plain'] } },
    errorType: 'text/plain',
    problems: [404, 503],
    async handle(input) {
      const asked = await read(input)
      if ('problem' in asked) return said(asked.status, asked.problem)
      const { deps, inBackground } = input
      const { mode, topic, callback, leaseSeconds, secret, feedId } = asked
      const id = newId('hub')
      const now = deps.clock()
      const stored = { algorithm: input.query.algorithm, secret }
      const outcome = await insertHubRequest(
        deps.env.DB,
        {
          id,
          mode,
          topic,
          callback,
          leaseSeconds,
          secret:
            mode === 'subscribe'
              ? await encryptSecret(deps.config.encryptionKeys, writeHubSecret(stored), callback)
              : null,
          reason: null,
          createdAt: now,
          attempts: 0,
          dueAt: now,
        },
        feedId,
        MOST,
      )
      if (outcome === 'full') return said(503, 'this feed has as many subscribers as it may')
      if (outcome === 'host-full')
        return said(503, 'the host of hub.callback has as much at this hub as it may: try again later')
      if (outcome === 'busy') return said(503, 'too many requests wait to be confirmed: try again later')
      inBackground(runHubRequest(deps, id))
      return said(202, 'Accepted: your callback is asked')
    },
  }),
]

type Asked = {
  mode: 'subscribe' | 'unsubscribe'
  topic: string
  callback: string
  leaseSeconds: number
  secret: string | null
  /** Null of what is to be ended. */
  feedId: string | null
}
type Wrong = { status: 400 | 404 | 503; problem: string }

/** What is asked for, or what is wrong with it. */
async function read(input: Input<unknown, unknown, HubForm>): Promise<Asked | Wrong> {
  const wrong = (problem: string): Wrong => ({ status: 400, problem })
  const { body, deps, origin, request } = input
  const mode = body['hub.mode']
  if (mode !== 'subscribe' && mode !== 'unsubscribe')
    return wrong('hub.mode must be "subscribe" or "unsubscribe"')
  const { 'hub.topic': topic = '', 'hub.callback': sentCallback = '', 'hub.secret': secret = '' } = body
  const url = URL.parse(sentCallback)
  if (sentCallback.length > LONGEST_URL || !url || sentCallback.includes('#'))
    return wrong('hub.callback must be an absolute URL without a fragment')
  const refused = await judgeTarget(deps, url, new URL(request.url).host)
  if (refused)
    return { status: refused.kind === 'refused' ? 400 : 503, problem: `hub.callback ${refused.problem}` }
  // As it is asked: its origin written in one way only. The query stays as it was sent.
  const callback = url.href
  if (Buffer.byteLength(secret) > LONGEST_SECRET_BYTES)
    return wrong(`hub.secret must have less than ${LONGEST_SECRET_BYTES + 1} bytes`)
  const leaseSeconds = leaseOf(body['hub.lease_seconds'])
  if (leaseSeconds === null) return wrong('hub.lease_seconds must be a whole number of seconds')
  const common = { topic, callback, leaseSeconds, secret: secret === '' ? null : secret }
  if (mode === 'unsubscribe') {
    if (await isSubscribed(deps.env.DB, callback, topic)) return { ...common, mode, feedId: null }
    return { status: 404, problem: 'hub.callback is not subscribed to hub.topic here' }
  }
  const named = readTopic(topic)
  const feed = named?.origin === origin ? await findPublishedFeed(deps.env.DB, { slug: named.slug }) : null
  // A private feed is as good as none.
  if (!feed) return { status: 404, problem: 'hub.topic is no public feed of this hub: use its link "self"' }
  return { ...common, mode, feedId: feed.id }
}

/** Seconds; null: it is no number. "Hubs MAY choose to respect this value or not." */
function leaseOf(asked: string | undefined): number | null {
  if (asked === undefined || asked === '') return LEASE_SECONDS.usual
  if (!/^\d{1,15}$/.test(asked)) return null
  return Math.min(LEASE_SECONDS.most, Math.max(LEASE_SECONDS.least, Number(asked)))
}

/** "The response body SHOULD contain a description … as plain text" (5.1.2). */
function said(status: number, text: string): Response {
  const retry: Record<string, string> = status === 503 ? { 'retry-after': '60' } : {}
  return new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...retry },
  })
}
