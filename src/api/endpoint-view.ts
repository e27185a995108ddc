/** @module How an endpoint looks in answers. */
import * as v from 'valibot'
import type { Endpoint } from '../db/endpoints.ts'
import { FORMATS, type Format } from '../webhooks/formats.ts'
import { Time } from './fields.ts'
import { time } from './time.ts'

const STATES = ['pending', 'active', 'broken', 'paused', 'disabled'] as const

export const endpointFields = {
  id: v.string(),
  owner: v.pipe(v.string(), v.description('The id of the user whose it is.')),
  url: v.pipe(
    v.string(),
    v.description('Of somebody else’s endpoint only its origin: the path may hold a secret.'),
  ),
  description: v.string(),
  state: v.pipe(
    v.picklist(STATES),
    v.description(
      '`pending`: its target has not said yet that it wants this. `broken`: it failed five times in a row, and is sent a probe now and then. `disabled`: it failed for too long, or answered 410. What is owed waits in all of these.',
    ),
  ),
  headers: v.pipe(
    v.nullable(v.literal('set')),
    v.description('Whether it has headers of its own, which are not shown.'),
  ),
  rateLimit: v.nullable(v.pipe(v.number(), v.description('Requests a second; null: 1,000.'))),
  concurrency: v.nullable(
    v.pipe(v.number(), v.integer(), v.description('Null: as many as there is room for.')),
  ),
  timeoutSeconds: v.nullable(v.pipe(v.number(), v.description('Null: as the configuration says.'))),
  format: v.picklist(FORMATS),
  payload: v.picklist(['full', 'thin']),
  batch: v.nullable(v.strictObject({ events: v.pipe(v.number(), v.integer()), seconds: v.number() })),
  ordering: v.picklist(['none', 'subject', 'endpoint']),
  signatures: v.array(v.picklist(['v1', 'v1a'])),
  metadata: v.nullable(v.pipe(v.record(v.string(), v.string()), v.description('Its owner’s only.'))),
  verifiedAt: v.nullable(Time),
  verificationError: v.nullable(
    v.pipe(v.string(), v.description('Why its target did not verify, the last time that it was asked.')),
  ),
  paused: v.boolean(),
  pausedBy: v.nullable(
    v.pipe(
      v.picklist(['owner', 'moderator', 'block']),
      v.description('Who paused it; `block`: the account of its owner is blocked.'),
    ),
  ),
  disabledAt: v.nullable(Time),
  disabledReason: v.nullable(v.string()),
  failures: v.pipe(v.number(), v.integer(), v.description('Attempts in a row that failed.')),
  failingSince: v.nullable(Time),
  heldUntil: v.nullable(
    v.pipe(Time, v.description('Nothing is sent before then: it asked for that, or is broken.')),
  ),
  createdAt: Time,
  updatedAt: Time,
}
export const ShownEndpoint = v.strictObject(endpointFields)

export const exampleEndpoint = {
  id: 'ep_9f86d081884c7d659a2feaa0',
  owner: 'usr_administrator',
  url: 'https://receiver.example/hook',
  description: 'The team’s chat',
  state: 'active',
  headers: null,
  rateLimit: null,
  concurrency: null,
  timeoutSeconds: null,
  format: 'standard',
  payload: 'full',
  batch: null,
  ordering: 'none',
  signatures: ['v1'],
  metadata: null,
  verifiedAt: '2026-11-25T10:00:00.250Z',
  verificationError: null,
  paused: false,
  pausedBy: null,
  disabledAt: null,
  disabledReason: null,
  failures: 0,
  failingSince: null,
  heldUntil: null,
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:00.000Z',
} as const satisfies v.InferOutput<typeof ShownEndpoint>

/** Without its secret: that is in the answer to POST, and never again. */
export function showEndpoint(endpoint: Endpoint, viewerId: string): v.InferOutput<typeof ShownEndpoint> {
  const { ownerId, url, timeoutMs, batchSize, batchMs, metadata, heldUntil } = endpoint
  const isOwn = ownerId === viewerId
  return {
    id: endpoint.id,
    owner: ownerId,
    url: isOwn ? url : new URL(url).origin,
    description: endpoint.description,
    state: stateOf(endpoint),
    headers: endpoint.headers === null ? null : 'set',
    rateLimit: endpoint.rateLimit,
    concurrency: endpoint.concurrency,
    timeoutSeconds: timeoutMs === null ? null : timeoutMs / 1_000,
    // The API lets no other in.
    format: endpoint.format as Format,
    payload: endpoint.payload,
    batch: batchSize === null ? null : { events: batchSize, seconds: (batchMs ?? 0) / 1_000 },
    ordering: endpoint.ordering,
    signatures: endpoint.signsAsymmetric ? ['v1', 'v1a'] : ['v1'],
    metadata: isOwn && metadata !== null ? JSON.parse(metadata) : null,
    verifiedAt: time(endpoint.verifiedAt),
    verificationError: endpoint.verificationError,
    paused: endpoint.pausedAt !== null,
    pausedBy: endpoint.pausedBy,
    disabledAt: time(endpoint.disabledAt),
    disabledReason: endpoint.disabledReason,
    failures: endpoint.failures,
    failingSince: time(endpoint.failingSince),
    heldUntil: heldUntil === 0 ? null : time(heldUntil),
    createdAt: time(endpoint.createdAt),
    updatedAt: time(endpoint.updatedAt),
  }
}

function stateOf(endpoint: Endpoint): (typeof STATES)[number] {
  const { pausedAt, disabledAt, verifiedAt, brokenSince } = endpoint
  if (disabledAt !== null) return 'disabled'
  if (pausedAt !== null) return 'paused'
  if (verifiedAt === null) return 'pending'
  return brokenSince === null ? 'active' : 'broken'
}
