/** @module The runs of the model: a script on an instance, watched all the while, and judged when it is quiet. */
import { env } from 'cloudflare:workers'
import type { RemoteInstance } from '../simulator/client.ts'
import { expectedEvents } from './expected.ts'
import { isListed } from './history.ts'
import { isToldWholly } from './limits.ts'
import { type Finding, judge, type Told } from './oracle.ts'
import { NO_ACTIONS } from './script.ts'
import { STARTS_AT, type Stage, setStage } from './stage.ts'
import { tracesOf } from './trace.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export type Run = {
  findings: Finding[]
  /** For people: what was run, and of what is wrong all that was done and told. */
  report: string
}

const MISHAPS = { lost: 0.05, doubled: 0.05, late: 0.1, missing: 0.1, killed: 0.03, meanwhile: 0.03 }
/** How long nothing happens between two actions: at most so many milliseconds, and how often. */
const PAUSES = { none: 40, seconds: 25, minutes: 25, long: 9, veryLong: 1 }
const LONGEST = {
  none: 0,
  seconds: 5_000,
  minutes: 2 * MINUTE_MS,
  long: 15 * MINUTE_MS,
  veryLong: 2 * HOUR_MS,
}

/** Anything at any time: several things between two looks, failures and restarts among them. */
export async function runFreely(seed: number, actions: number): Promise<Run> {
  const stage = await setStage(seed)
  const { random, instance, watcher, history, script, watch } = stage
  try {
    let left = actions
    const act = async () => {
      left -= 1
      await script.act()
      // Two things in the same millisecond happen, too.
      watcher.turn(random.int(0, 3))
    }
    watcher.mishaps = MISHAPS
    watcher.meanwhile = async () => (left > 0 ? act() : undefined)
    while (left > 0) {
      await act()
      const longest = LONGEST[random.weighted(PAUSES)]
      if (longest > 0) await watcher.pass(random.int(1, longest))
    }
    watcher.mishaps = { ...MISHAPS, lost: 0, killed: 0, meanwhile: 0 }
    await script.heal()
    await beQuiet(stage)
    // What is held to have happened must have.
    const listed = (await instance.list()).toSorted()
    const recorded = history.videosNow(isListed).toSorted()
    if (listed.join() !== recorded.join()) throw new Error('the history is not what happened')
    const events = await toldBy(instance)
    return reportOf(stage, actions, events, judge(history, events, watch))
  } finally {
    await instance.close()
  }
}

/** All but failures, and what has no order of its own. */
const STRICT = {
  ...NO_ACTIONS,
  publish: 4,
  publishHidden: 2,
  schedule: 1,
  edit: 4,
  like: 2,
  view: 1,
  setPrivacy: 5,
  remove: 2,
  startLive: 2,
  endLive: 3,
  restartLive: 2,
  comment: 3,
  reply: 3,
  replyDeep: 1,
  editComment: 2,
  removeComment: 2,
  hold: 1,
  approve: 2,
  notify: 2,
  readNotification: 2,
  upgrade: 0.3,
}
/** Later than that nothing is told: a day's pass, and a thread an hour. */
const LATEST_MS = 48 * HOUR_MS

/** One thing after another, each seen before the next: what is told must be what was done, and nothing else. */
export async function runStrictly(seed: number, actions: number): Promise<Run> {
  const stage = await setStage(seed)
  const { instance, watcher, history, script, watch } = stage
  try {
    const before = (await toldBy(instance)).length
    const isWhole = ({ type, subject }: { type: string; subject: string }) =>
      !type.startsWith('comment.') || isToldWholly(history, Number(subject), watch.since)
    const toldSince = async () =>
      (await toldBy(instance)).slice(before).filter((event) => isForAll(event) && isWhole(event))
    const expected = () => expectedEvents(history, watch.since).filter(isWhole)
    let isMissed = false
    for (let count = 0; count < actions && !isMissed; count += 1) {
      await script.act(STRICT)
      const latest = watcher.now + LATEST_MS
      await watcher.pass(7 * MINUTE_MS)
      const isTold = async () => (await toldSince()).length >= expected().length
      while (watcher.now < latest && !(await isTold())) await watcher.pass(30 * MINUTE_MS, 15 * MINUTE_MS)
      isMissed = watcher.now >= latest
    }
    await watcher.pass(2 * HOUR_MS, 5 * MINUTE_MS)
    const told = await toldSince()
    return reportOf(stage, actions, told, compare(expected(), told))
  } finally {
    await instance.close()
  }
}

/** What is held for review is told to moderators first: that is not compared here. */
function isForAll({ type, ownerId }: Told): boolean {
  return ownerId === null || type.startsWith('notification.')
}

/** Of each thing the same, in the same order. Between two things there is none: of one it is seen in a minute, of another in a day. */
function compare(expected: readonly { type: string; subject: string }[], told: readonly Told[]): Finding[] {
  const wanted = Map.groupBy(expected, ({ subject }) => subject)
  // An instance is called by its host; and of a type that nobody knows it is a notification all the same.
  const got = Map.groupBy(told, ({ type, subject }) => (type.startsWith('instance.') ? 'instance' : subject))
  return [...new Set([...wanted.keys(), ...got.keys()])].flatMap((subject): Finding[] => {
    const should = (wanted.get(subject) ?? []).map(({ type }) => type)
    const is = (got.get(subject) ?? []).map(({ type }) =>
      type === 'notification.unknown' ? 'notification.created' : type,
    )
    if (should.join() === is.join()) return []
    const kind = is.length < should.length ? 'missed' : 'invented'
    return [
      { kind, subject, text: `told ${is.join() || 'nothing'}, and should be ${should.join() || 'nothing'}` },
    ]
  })
}

function reportOf(
  { about, watcher, history }: Stage,
  actions: number,
  events: readonly Told[],
  found: readonly Finding[],
): Run {
  const thrown = watcher.errors.map((text): Finding => ({ kind: 'invented', subject: 'errors', text }))
  const findings = [...found, ...thrown]
  const hours = Math.round((watcher.now - STARTS_AT) / HOUR_MS)
  const head = `${about}; ${actions} actions in ${hours} hours, ${watcher.polls} polls, ${watcher.requests} requests, ${watcher.restarts} restarts, ${events.length} events`
  return { findings, report: [head, ...tracesOf(findings, history, events)].join('\n') }
}

/** Nothing happens any more, until all that is looked at now and then was looked at: a thread an hour, and each video a day. */
async function beQuiet({ watcher, script, history }: Stage): Promise<void> {
  const threads = new Set([...history.comments.values()].map(({ thread }) => thread))
  const until = watcher.now + Math.max(60, threads.size + 30) * HOUR_MS
  await watcher.pass(10 * 60_000)
  // A tick may come late, so half an hour apart is as good as a minute, but for the time that this takes.
  while (watcher.now < Math.max(until, script.lastScheduledAt + 50 * HOUR_MS)) {
    await watcher.pass(30 * 60_000, 30 * 60_000)
  }
  await watcher.pass(10 * 60_000)
}

async function toldBy({ host }: RemoteInstance): Promise<Told[]> {
  const { results } = await env.DB.prepare(
    'SELECT type, subject, owner_id AS ownerId, seen_at AS seenAt, data FROM events WHERE instance = ? ORDER BY sequence',
  )
    .bind(host)
    .all<Omit<Told, 'data'> & { data: string }>()
  // As polls stored them.
  return results.map(({ data, ...event }) => ({ ...event, data: JSON.parse(data) }) as Told)
}
