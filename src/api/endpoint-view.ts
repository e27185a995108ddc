/** @module How an endpoint looks in answers. */
import * as v from 'valibot'
import type { Endpoint } from '../db/endpoints.ts'
import { Time } from './fields.ts'
import { time } from './time.ts'

export const endpointFields = {
  id: v.string(),
  owner: v.pipe(v.string(), v.description('The id of the user whose it is.')),
  url: v.pipe(
    v.string(),
    v.description('Of somebody else’s endpoint only its origin: the path may hold a secret.'),
  ),
  description: v.string(),
  eventTypes: v.array(v.string()),
  paused: v.boolean(),
  pausedBy: v.nullable(
    v.pipe(
      v.picklist(['owner', 'moderator', 'block']),
      v.description('Who paused it; `block`: the account of its owner is blocked.'),
    ),
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
  eventTypes: ['*'],
  paused: false,
  pausedBy: null,
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:00.000Z',
} as const

/** Without its secret: that is in the answer to POST, and never again. */
export function showEndpoint(endpoint: Endpoint, viewerId: string) {
  const { id, ownerId, url, description, pausedAt, pausedBy, createdAt, updatedAt } = endpoint
  return {
    id,
    owner: ownerId,
    url: ownerId === viewerId ? url : new URL(url).origin,
    description,
    eventTypes: ['*'],
    paused: pausedAt !== null,
    pausedBy,
    createdAt: time(createdAt),
    updatedAt: time(updatedAt),
  }
}
