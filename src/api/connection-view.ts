/** @module How a connection looks in answers. */
import * as v from 'valibot'
import type { Config } from '../config.ts'
import type { ConnectionState } from '../db/connections.ts'
import { Time } from './fields.ts'
import { ROLES } from './rights.ts'
import { exampleSource, ShownSource, showSource } from './source-view.ts'
import { time } from './time.ts'

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
  sources: v.pipe(
    v.array(ShownSource),
    v.description('What is read as the account. `videos`: those of its subscriptions.'),
  ),
  createdAt: Time,
  updatedAt: Time,
})

export const exampleConnectionSource = {
  ...exampleSource,
  kind: 'notifications',
  target: { connection: 'con_9f86d081884c7d659a2feaa0' },
} as const
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
  sources: [exampleConnectionSource],
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:00.000Z',
} as const

/** Without its tokens: they are in no answer. */
export function showConnection(connection: ConnectionState, config: Pick<Config, 'maxDelayMs'>) {
  const { id, ownerId, instanceId, host, origin, username, role, state, lastError, sources } = connection
  return {
    id,
    owner: ownerId,
    instance: { id: instanceId, host, url: origin },
    username,
    role: ROLES[role] ?? 'User',
    state,
    lastError,
    sources: sources.map((source) => showSource(source, connection, config)),
    createdAt: time(connection.createdAt),
    updatedAt: time(connection.updatedAt),
  }
}
