/** @module What the simulator answers to a request, but for limits and faults: from its world, or else from a recording. */
import { commentAnswer } from './comment-answers.ts'
import { nodeInfo } from './counters.ts'
import { commentFeed } from './feeds.ts'
import { notificationAnswer } from './notifications.ts'
import { ACCOUNTS } from './people.ts'
import { peopleAnswer } from './people-answers.ts'
import { type Answer, from, notFound, problem, withBody } from './recorded-answers.ts'
import { callerOf, RECORDINGS, type Recording, recording } from './recordings.ts'
import type { Asked, State } from './state.ts'
import { has } from './versions.ts'
import { videoAnswer } from './video-answers.ts'
import { videoListAnswer } from './video-lists.ts'

/** Answers one request. */
export function answer(asked: Asked, state: State): Answer {
  // State has this host already; what comes of recordings doesn't.
  const make = () => onThisHost(fromWorld(asked, state) ?? replay(asked), state.self.origin)
  const made = asked.method === 'GET' ? state.cache.answer(asked.url, make) : make()
  return has(state.self.version, 'errorPath') ? made : withParam(made)
}

function fromWorld(asked: Asked, state: State): Answer | null {
  const { method, url, caller } = asked
  if (method === 'OPTIONS') return from('options_cors_api')
  if (method === 'POST' && url.pathname === '/api/v1/users/token') {
    return state.sessions.token(asked.body, asked.headers)
  }
  if (method === 'POST' && url.pathname === '/api/v1/users/revoke-token') {
    return state.sessions.revoke(asked.headers)
  }
  if (method !== 'GET') return null
  if (caller === 'invalid') return from('get_users_me_bad_token')
  return (
    selfAnswer(asked, state) ??
    videoListAnswer(asked, state) ??
    videoAnswer(asked, state) ??
    commentAnswer(asked, state) ??
    commentFeed(asked, state) ??
    notificationAnswer(asked, state) ??
    peopleAnswer(asked, state)
  )
}

/** What it says of itself and of the caller. */
function selfAnswer({ url, caller, headers }: Asked, state: State): Answer | null {
  const path = url.pathname
  const host = headers['host'] ?? ''
  if (path === '/api/v1/oauth-clients/local' && host !== url.host) {
    return problem('get_oauth_clients_local_wrong_host', (text) =>
      text.replaceAll('other-host.example', host),
    )
  }
  if (path === '/api/v1/users/me' && caller !== 'anonymous' && caller !== 'invalid') {
    return withBody('get_users_me', { username: caller, account: ACCOUNTS[caller] })
  }
  if (path === '/nodeinfo/2.0.json') return nodeInfo(state)
  if (path === '/api/v1/config') {
    const { instance } = recording('get_config').response.body as { instance: object }
    return withBody('get_config', {
      serverVersion: state.self.version,
      instance: { ...instance, name: state.self.name },
    })
  }
  return null
}

/** The recording that fits a request best: the same path, the same caller, and the most of the same query. */
function replay({ method, url, caller }: Asked): Answer {
  const path = url.pathname
  const candidates = RECORDINGS.filter(
    ({ name, request }) =>
      !name.startsWith('rate_limited') &&
      request.method === method &&
      request.path.split('?')[0] === path &&
      callerOf({ name, request } as Recording) === caller,
  )
  const score = (candidate: Recording) => {
    const recorded = new URL(candidate.request.path, url).searchParams
    const same = [...recorded].filter(([key, value]) => url.searchParams.getAll(key).includes(value)).length
    return 2 * same - recorded.size
  }
  const [best] = candidates.toSorted((a, b) => score(b) - score(a))
  if (best) return from(best.name)
  return caller === 'anonymous' || !RECORDINGS.some(({ request }) => request.path.split('?')[0] === path)
    ? notFound('Not found')
    : from('get_all_comments_user_403')
}

function onThisHost(made: Answer, origin: string): Answer {
  const { host } = new URL(origin)
  const text = JSON.stringify(made.body)
    .replaceAll('https://peertube.example', origin)
    .replaceAll('peertube.example', host)
  return { ...made, body: JSON.parse(text) }
}

/** Before 6.0 the field of a refused parameter is called otherwise. */
function withParam(made: Answer): Answer {
  const { body } = made
  if (typeof body !== 'object' || body === null || !('invalid-params' in body)) return made
  const refused = Object.entries(body['invalid-params'] as Record<string, { path: string }>)
  const renamed = refused.map(([name, { path, ...rest }]) => [name, { ...rest, param: path }])
  return { ...made, body: { ...body, 'invalid-params': Object.fromEntries(renamed) } }
}
