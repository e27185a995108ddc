/** @module How an instance looks in answers. */
import * as v from 'valibot'
import type { Config } from '../config.ts'
import type { InstanceState } from '../db/instances.ts'
import { Time } from './fields.ts'
import type { Reach } from './rights.ts'
import { exampleSource, ShownSource, showSource } from './source-view.ts'
import { time } from './time.ts'

/** What an instance says of itself. */
export const Found = {
  url: v.string(),
  host: v.pipe(v.string(), v.description('With the port, unless it is the default one: how events name it.')),
  name: v.string(),
  version: v.string(),
  movedFrom: v.pipe(
    v.nullable(v.string()),
    v.description('Where it was, when a permanent redirect has led on to `url`. Its `host` stays.'),
  ),
}

/** What of it was named. */
export const Watches = v.pipe(
  v.strictObject({
    kind: v.picklist(['instance', 'channel', 'account']),
    name: v.pipe(
      v.nullable(v.string()),
      v.description('As the instance writes it; null: the whole instance.'),
    ),
    displayName: v.nullable(v.string()),
  }),
  v.description('What would be watched: the whole instance, or one channel or account.'),
)

export const ShownInstance = v.strictObject({
  id: v.string(),
  ...Found,
  paused: v.boolean(),
  state: v.pipe(
    v.picklist(['ok', 'failing', 'unreachable', 'paused']),
    v.description('`unreachable`: five polls in a row did not reach it; it is tried once an hour.'),
  ),
  createdAt: Time,
  updatedAt: Time,
  failures: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.description(
        'Polls in a row that did not reach it: for moderators and administrators, as what follows.',
      ),
    ),
  ),
  failingSince: v.optional(v.nullable(Time)),
  unreachableAt: v.optional(v.nullable(Time)),
  sources: v.optional(
    v.pipe(v.array(ShownSource), v.description('How it is read: for moderators and administrators.')),
  ),
})

export const exampleFound = {
  url: 'https://peertube.example',
  host: 'peertube.example',
  name: 'An instance',
  version: '6.3.0',
  movedFrom: null,
}
export const exampleInstance = {
  id: 'ins_9f86d081884c7d659a2feaa0',
  ...exampleFound,
  paused: false,
  state: 'ok',
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:00.000Z',
  failures: 0,
  failingSince: null,
  unreachableAt: null,
  sources: [exampleSource],
} as const

/** To whom reaches only what is public its sources say nothing. */
export function showInstance(instance: InstanceState, reach: Reach, config: Pick<Config, 'maxDelayMs'>) {
  const { id, origin, host, name, version, movedFrom, pausedAt, createdAt, updatedAt } = instance
  return {
    id,
    url: origin,
    host,
    name,
    version,
    movedFrom,
    paused: pausedAt !== null,
    state: stateOf(instance),
    createdAt: time(createdAt),
    updatedAt: time(updatedAt),
    ...(reach === 'all' ? howItIsRead(instance, config) : {}),
  }
}

function howItIsRead(instance: InstanceState, config: Pick<Config, 'maxDelayMs'>) {
  return {
    failures: instance.failures,
    failingSince: time(instance.failingSince),
    unreachableAt: time(instance.unreachableAt),
    sources: instance.sources.map((source) => showSource(source, instance, config)),
  }
}

function stateOf({
  pausedAt,
  unreachableAt,
  failures,
}: InstanceState): 'ok' | 'failing' | 'unreachable' | 'paused' {
  if (pausedAt !== null) return 'paused'
  if (unreachableAt !== null) return 'unreachable'
  return failures > 0 ? 'failing' : 'ok'
}
