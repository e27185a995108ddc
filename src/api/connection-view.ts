/** @module How a connection looks in answers. */
import * as v from 'valibot'
import type { ConnectionState } from '../db/connections.ts'
import type { Source } from '../db/instances.ts'
import { NEVER } from '../db/readable.ts'
import { Time } from './fields.ts'
import { ROLES } from './rights.ts'
import { time } from './time.ts'

const ReadSource = v.strictObject({
  id: v.string(),
  kind: v.pipe(
    v.picklist(['notifications', 'comments', 'videos']),
    v.description('`videos`: those of its subscriptions.'),
  ),
  nextPollAt: v.nullable(
    v.pipe(
      Time,
      v.description('None while the login has expired, its owner is blocked, or the instance is paused.'),
    ),
  ),
  lastPollAt: v.nullable(Time),
  lastSuccessAt: v.nullable(Time),
  failures: v.pipe(v.number(), v.integer()),
  lastError: v.nullable(v.string()),
})

export const ShownConnection = v.strictObject({
  id: v.string(),
  owner: v.pipe(v.string(), v.description('The id of the user whose it is.')),
  instance: v.strictObject({ id: v.string(), host: v.string(), url: v.string() }),
  username: v.pipe(v.string(), v.description('Of the account on the instance.')),
  role: v.pipe(v.picklist(ROLES), v.description('Of the account on the instance.')),
  state: v.pipe(
    v.picklist(['active', 'expired']),
    v.description('`expired`: the instance has ended the session. Log in again, by the same POST.'),
  ),
  lastError: v.nullable(v.string()),
  sources: v.pipe(v.array(ReadSource), v.description('What is read as the account.')),
  createdAt: Time,
  updatedAt: Time,
})

export const exampleConnection = {
  id: 'con_9f86d081884c7d659a2feaa0',
  owner: 'usr_9f86d081884c7d659a2feaa0',
  instance: {
    id: 'ins_9f86d081884c7d659a2feaa0',
    host: 'peertube.example',
    url: 'https://peertube.example',
  },
  username: 'alice',
  role: 'User',
  state: 'active',
  lastError: null,
  sources: [
    {
      id: 'src_9f86d081884c7d659a2feaa0',
      kind: 'notifications',
      nextPollAt: '2026-11-25T10:05:00.000Z',
      lastPollAt: '2026-11-25T10:00:00.000Z',
      lastSuccessAt: '2026-11-25T10:00:00.000Z',
      failures: 0,
      lastError: null,
    },
  ],
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:00.000Z',
} as const

/** Without its tokens: they are in no answer. */
export function showConnection(connection: ConnectionState) {
  const { id, ownerId, instanceId, host, origin, username, role, state, lastError, sources } = connection
  return {
    id,
    owner: ownerId,
    instance: { id: instanceId, host, url: origin },
    username,
    role: ROLES[role] ?? 'User',
    state,
    lastError,
    sources: sources.map(showSource),
    createdAt: time(connection.createdAt),
    updatedAt: time(connection.updatedAt),
  }
}

function showSource({ id, kind, dueAt, polledAt, succeededAt, failures, lastError }: Source) {
  return {
    id,
    kind,
    nextPollAt: dueAt === NEVER ? null : time(dueAt),
    lastPollAt: time(polledAt),
    lastSuccessAt: time(succeededAt),
    failures,
    lastError,
  }
}
