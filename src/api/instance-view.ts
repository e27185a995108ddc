/** @module How an instance looks in answers. */
import * as v from 'valibot'
import type { InstanceState, Source } from '../db/instances.ts'
import { Time } from './fields.ts'
import type { Reach } from './rights.ts'
import { time } from './time.ts'

const ShownSource = v.strictObject({
  id: v.string(),
  kind: v.picklist(['videos', 'comments', 'notifications']),
  state: v.pipe(
    v.picklist(['new', 'ok', 'failing', 'unreachable', 'paused']),
    v.description('`unreachable`: from five failures in a row on.'),
  ),
  nextPollAt: v.nullable(Time),
  lastPollAt: v.nullable(Time),
  lastSuccessAt: v.nullable(Time),
  failures: v.pipe(v.number(), v.integer()),
  lastError: v.nullable(v.string()),
})

/** What an instance says of itself. */
export const Found = {
  url: v.string(),
  host: v.pipe(v.string(), v.description('With the port, unless it is the default one: how events name it.')),
  name: v.string(),
  version: v.string(),
}
export const ShownInstance = v.strictObject({
  id: v.string(),
  ...Found,
  paused: v.boolean(),
  createdAt: Time,
  updatedAt: Time,
  sources: v.optional(
    v.pipe(v.array(ShownSource), v.description('How it is read: for moderators and administrators.')),
  ),
})

export const exampleFound = {
  url: 'https://peertube.example',
  host: 'peertube.example',
  name: 'An instance',
  version: '6.3.0',
}
export const exampleInstance = {
  id: 'ins_9f86d081884c7d659a2feaa0',
  ...exampleFound,
  paused: false,
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:00.000Z',
  sources: [
    {
      id: 'src_9f86d081884c7d659a2feaa0',
      kind: 'videos',
      state: 'ok',
      nextPollAt: '2026-11-25T10:05:00.000Z',
      lastPollAt: '2026-11-25T10:00:00.000Z',
      lastSuccessAt: '2026-11-25T10:00:00.000Z',
      failures: 0,
      lastError: null,
    },
  ],
}
/** To whom reaches only what is public its sources say nothing. */
export function showInstance(instance: InstanceState, reach: Reach) {
  const { id, origin, host, name, version, pausedAt, createdAt, updatedAt, sources } = instance
  return {
    id,
    url: origin,
    host,
    name,
    version,
    paused: pausedAt !== null,
    createdAt: time(createdAt),
    updatedAt: time(updatedAt),
    ...(reach === 'all' ? { sources: sources.map((source) => showSource(source, pausedAt !== null)) } : {}),
  }
}

/** After so many failures in a row an instance is called unreachable. */
const UNREACHABLE_AFTER = 5

function showSource(source: Source, isPaused: boolean) {
  return {
    id: source.id,
    kind: source.kind,
    state: isPaused ? 'paused' : stateOf(source),
    nextPollAt: isPaused ? null : time(source.dueAt),
    lastPollAt: time(source.polledAt),
    lastSuccessAt: time(source.succeededAt),
    failures: source.failures,
    lastError: source.lastError,
  }
}

function stateOf(source: Source): 'new' | 'ok' | 'failing' | 'unreachable' {
  if (source.failures >= UNREACHABLE_AFTER) return 'unreachable'
  if (source.failures > 0) return 'failing'
  return source.succeededAt === null ? 'new' : 'ok'
}
