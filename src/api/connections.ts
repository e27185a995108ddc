/** @module /api/v1/connections: accounts on instances. */
import * as v from 'valibot'
import {
  CONNECTION_SORTS,
  type ConnectionState,
  deleteConnection,
  findAccount,
  findConnection,
  insertConnection,
  listConnections,
  renewConnection,
} from '../db/connections.ts'
import { newId } from '../db/id.ts'
import { findInstanceByHost, type InstanceState } from '../db/instances.ts'
import { targetCheck } from '../http/target-check.ts'
import { revokeSessions } from '../workers/revoke-sessions.ts'
import { sealTokens } from '../workers/sealed-tokens.ts'
import { auditOf } from './audit-entry.ts'
import { exampleConnection, ShownConnection, showConnection } from './connection-view.ts'
import { idParams, list, listQuery, Owner, text } from './fields.ts'
import { answerList, listQueryOf, ownerOf } from './lists.ts'
import { type Begun, logInToInstance } from './log-in-to-instance.ts'
import { created, type Input, isOperator, noContent, ok, operation, userOf } from './operation.ts'
import { pollNow } from './poll-now.ts'
import { full, notFound, Problem, shutOut } from './problem.ts'
import { checkIfMatch, notRemoved, revisionFor } from './request/conditional.ts'
import { instanceHost } from './urls.ts'

const flag = (fallback: boolean, description: string) =>
  v.optional(v.pipe(v.boolean('must be true or false'), v.description(description)), fallback)

const NewConnection = v.strictObject({
  instance: instanceHost,
  username: v.pipe(
    text(200),
    v.minLength(1, 'must not be empty'),
    v.description('Or the mail address, as the instance takes it.'),
  ),
  password: v.pipe(
    text(1_000),
    v.minLength(1, 'must not be empty'),
    v.description('Goes to the instance, and is kept nowhere.'),
  ),
  otp: v.optional(
    v.pipe(
      v.string('must be a text'),
      v.regex(/^\w{1,20}$/, 'must be 1 to 20 letters and digits'),
      v.description('Of two-factor authentication.'),
    ),
  ),
  notifications: flag(true, 'Read its notifications.'),
  comments: flag(
    false,
    'Read the comments on its own videos; all comments, where it is a moderator or administrator.',
  ),
  subscriptions: flag(false, 'Read the videos of its subscriptions.'),
})

/** How many somebody may have: each is read every few minutes. */
const MOST_CONNECTIONS = { User: 20, Moderator: 100, Administrator: 1_000 } as const

const one = { description: 'The connection.', schema: ShownConnection, example: exampleConnection }

export const connectionOperations = [
  operation({
    id: 'getConnections',
    method: 'GET',
    path: '/api/v1/connections',
    tag: 'Connections',
    summary: 'List connections',
    query: v.strictObject({ ...listQuery(CONNECTION_SORTS), owner: Owner }),
    answers: {
      200: {
        description: 'A page of connections.',
        schema: list(ShownConnection),
        example: { total: 1, data: [exampleConnection] },
      },
    },
    async handle(input) {
      const { query, deps, reach } = input
      const owner = ownerOf(query.owner, userOf(input).id, reach)
      return answerList(
        () => listConnections(deps.env.DB, owner, listQueryOf(query)),
        (one) => showConnection(one, deps.config),
      )
    },
  }),
  operation({
    id: 'addConnection',
    method: 'POST',
    path: '/api/v1/connections',
    tag: 'Connections',
    summary: 'Connect an account on an instance',
    description:
      'Logs in there. What is read as the account is private: its events come to you alone. An account that is connected already gets the new session, and keeps what is read of it; so is one whose session has expired logged in again.',
    body: NewConnection,
    example: { instance: 'peertube.example', username: 'alice', password: 'correct horse' },
    limit: 'token',
    answers: {
      200: { ...one, description: 'It was connected before, and has a new session.' },
      201: { ...one, description: 'It is connected.', headers: { Location: 'Its path.' } },
    },
    problems: [
      409,
      'too_many',
      'owner_shut_out',
      'not_watched',
      'login_wrong_password',
      'login_otp_required',
      'login_otp_wrong',
      'login_blocked',
      'login_waiting',
      'login_rejected',
      'login_email_not_verified',
      'login_refused',
      'unreachable',
      'timeout',
      'tls',
      'redirect',
      'http',
      'too_large',
      'schema',
      'not_json',
      'instance_busy',
      'limiter_unavailable',
    ],
    async handle(input) {
      const { body, deps } = input
      const { username, password, otp, notifications, comments, subscriptions } = body
      const instance = await watched(input)
      const abandon = (begun: Begun) => input.inBackground(abandonSession(input, instance, begun))
      const credentials = { username, password, ...(otp === undefined ? {} : { otp }) }
      const begun = await logInToInstance(deps, instance, credentials, abandon)
      let stored: Awaited<ReturnType<typeof store>>
      try {
        stored = await store(input, instance, begun, { notifications, comments, subscriptions })
      } catch (error) {
        // Any other error leaves it open whether it was stored.
        if (error instanceof Problem) abandon(begun)
        throw error
      }
      await pollNow(deps, instance.id)
      const connection = await findConnection(deps.env.DB, stored.id, null)
      if (!connection) throw notFound(`connection ${stored.id}`)
      const shown = showConnection(connection, deps.config)
      return stored.isNew ? created(`/api/v1/connections/${stored.id}`, shown) : ok(shown)
    },
  }),
  operation({
    id: 'getConnection',
    method: 'GET',
    path: '/api/v1/connections/:id',
    tag: 'Connections',
    summary: 'One connection',
    params: idParams('con', 'a connection'),
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      return ok(showConnection(await reachableConnection(input), input.deps.config))
    },
  }),
  operation({
    id: 'delConnection',
    method: 'DELETE',
    path: '/api/v1/connections/:id',
    tag: 'Connections',
    summary: 'Disconnect an account',
    description: 'Its session at the instance is ended there, too. Its events stay.',
    params: idParams('con', 'a connection'),
    answers: { 204: { description: 'It is gone.' } },
    problems: [404, 412],
    async handle(input) {
      const { deps, request } = input
      const connection = await reachableConnection(input)
      await checkIfMatch(request, showConnection(connection, deps.config))
      const { id, tokens, origin, host } = connection
      const revision = revisionFor(request, connection)
      if (!(await deleteConnection(deps.env.DB, id, revision, auditOf(input, id))))
        throw notRemoved(request, `connection ${id}`)
      if (tokens !== null) input.inBackground(revokeSessions(deps, [{ id, tokens, origin, host }]))
      return noContent
    },
  }),
]

/** The connection that was asked for. @throws Problem 404 when there is none, or it is somebody else's who is out of reach. */
export async function reachableConnection(
  input: Input<{ id: string }, unknown, unknown>,
): Promise<ConnectionState> {
  const { id } = input.params
  const owner = input.reach === 'all' ? null : userOf(input).id
  const connection = await findConnection(input.deps.env.DB, id, owner)
  if (!connection) throw notFound(`connection ${id}`)
  return connection
}

type OfNew = Input<unknown, unknown, v.InferOutput<typeof NewConnection>>

/** The instance that was named. @throws Problem 422 when it is not watched, or may not be asked. */
async function watched({ body, deps }: OfNew): Promise<InstanceState> {
  const instance = await findInstanceByHost(deps.env.DB, body.instance)
  if (!instance)
    throw new Problem('not_watched', `${body.instance} is not watched here: an administrator adds it first`)
  // Checked when it was added, and again: what this Tubewire allows, or where the name leads, may have changed since.
  const problem = await targetCheck(deps, new URL(instance.origin))
  if (problem) throw new Problem('unreachable', `The URL of ${instance.host} ${problem}`)
  return instance
}

/**
 * Stores a session, as a new connection or in the one that there is.
 * @throws Problem 409 when it may not be stored.
 */
async function store(
  input: OfNew,
  instance: InstanceState,
  { client, tokens, username, role }: Awaited<ReturnType<typeof logInToInstance>>,
  wanted: Parameters<typeof insertConnection>[2],
): Promise<{ id: string; isNew: boolean }> {
  const { deps } = input
  const { DB } = deps.env
  const { id: ownerId, role: ownRole } = userOf(input)
  const most = MOST_CONNECTIONS[ownRole]
  const account = { ownerId, instanceId: instance.id, username }
  const now = deps.clock()
  const known = await findAccount(DB, account)
  const id = known ?? newId('con')
  const given = { ...client, origin: instance.origin }
  const sealed = { role, ...(await sealTokens(deps.config.encryptionKeys, id, given, tokens, now)) }
  const audit = auditOf(input, id)
  const terms = { most, evenShutOut: isOperator(input) }
  if (known === null) {
    const made = await insertConnection(
      DB,
      { id, ...account, ...sealed, createdAt: now },
      wanted,
      audit,
      terms,
    )
    if (made === 'made') return { id, isNew: true }
    if (made === 'full') throw full('connections', most)
    if (made === 'owner-shut-out') throw shutOut(ownerId)
    if (made === 'instance-gone')
      throw new Problem('not_watched', `${instance.host} is no longer watched here`)
    throw new Problem(409, `${username} was connected meanwhile: see the list`)
  }
  const renewed = await renewConnection(DB, id, sealed, wanted, now, audit, terms)
  if (renewed === 'owner-shut-out') throw shutOut(ownerId)
  if (renewed === 'missing')
    throw new Problem(409, `${username} was disconnected meanwhile: connect it again`)
  const { replaced } = renewed
  if (replaced !== null) {
    const { origin, host } = instance
    input.inBackground(revokeSessions(deps, [{ id, tokens: replaced, origin, host }]))
  }
  return { id, isNew: false }
}

/** Ends a session that nobody will use. */
async function abandonSession(
  { deps }: Pick<OfNew, 'deps'>,
  { origin, host }: InstanceState,
  { client, tokens }: Begun,
): Promise<void> {
  const id = newId('con')
  const given = { ...client, origin }
  const sealed = await sealTokens(deps.config.encryptionKeys, id, given, tokens, deps.clock())
  await revokeSessions(deps, [{ id, tokens: sealed.tokens, origin, host }])
}
