/** @module What the hot statements cost: rows read and written are the bill. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { dueDeliveries, dueEndpoints, recordAttempts } from '../../src/db/deliveries.ts'
import { listEvents } from '../../src/db/events.ts'
import {
  noteMove,
  noteReachability,
  noteVersion,
  putOffSources,
  wakeComments,
} from '../../src/db/instance-state.ts'
import {
  forgetVideos,
  knownPage,
  knownVideos,
  rememberVideos,
  unlistedVideos,
} from '../../src/db/known-videos.ts'
import { commitProgress, commitSetback, dueSources, dueTimes } from '../../src/db/polls.ts'
import type { KnownVideo } from '../../src/events/detect-videos.ts'
import type { NewEvent } from '../../src/events/types.ts'
import { countCosts } from '../support/count-costs.ts'

const counted = () => countCosts(env.DB)

const NOW = 1_000_000
const INSTANCES = 500
/** Known of `src_0`. They were published a millisecond apart; every thousandth is not listed. */
const VIDEOS = 100_000
const UNLISTED = VIDEOS / 1_000
const ENDPOINTS = 20
const EVENTS = 2_000

beforeAll(async () => {
  const numbers = (count: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`
  await env.DB.batch([
    env.DB.prepare(`${numbers(INSTANCES)} INSERT INTO instances (id, owner_id, origin, host, name, version, created_at)
      SELECT 'ins_' || i, 'usr_administrator', 'https://h' || i, 'h' || i, '', '6.3.0', 0 FROM n`),
    // Three are due.
    env.DB.prepare(`${numbers(INSTANCES)} INSERT INTO sources (id, instance_id, kind, due_at, checkpoint, created_at)
      SELECT 'src_' || i, 'ins_' || i, 'videos', CASE WHEN i < 3 THEN 0 ELSE ${NOW * 2} END, '{}', 0 FROM n`),
    env.DB.prepare(`${numbers(VIDEOS)} INSERT INTO videos (source_id, uuid, published_at, seen_at, state)
      SELECT 'src_0', 'v' || i, i, ${VIDEOS} - i, iif(i % 1000 = 500, 'unlisted', 'listed') FROM n`),
    // Another source knows the same ones.
    env.DB.prepare(`INSERT INTO videos (source_id, uuid, published_at, seen_at)
      SELECT 'src_1', uuid, published_at, 0 FROM videos WHERE published_at % 100 = 0`),
    env.DB.prepare(`${numbers(EVENTS)} INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
      SELECT 'evt_' || i, 'video.published', 'h0', 'v' || i, 0, 'poll_0', '{}' FROM n`),
    env.DB.prepare(`${numbers(ENDPOINTS)} INSERT INTO endpoints (id, owner_id, url, description, secret, created_at, verified_at)
      SELECT 'ep_' || i, 'usr_administrator', 'https://r' || i, '', 's', 0, 0 FROM n`),
    env.DB.prepare(`INSERT INTO subscriptions (id, owner_id, endpoint_id, created_at)
      SELECT 'sub_' || id, owner_id, id, 0 FROM endpoints`),
    env.DB.prepare(`INSERT INTO subscription_keys SELECT '*', '', '', id FROM subscriptions`),
    // The first endpoint has piled up everything; five others have one each, one of them not due.
    env.DB.prepare(`INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
      SELECT 'ep_0', sequence, 'usr_administrator', 'pending', 0, 0 FROM events`),
    env.DB.prepare(`${numbers(6)} INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, due_at, created_at)
      SELECT 'ep_' || i, 1, 'usr_administrator', 'pending', CASE i WHEN 5 THEN ${NOW * 2} ELSE 0 END, 0 FROM n WHERE i > 0`),
  ])
})

describe('Reading what is due', () => {
  it('of 500 sources costs as many rows as are due, and the one after', async () => {
    const { db, cost } = counted()
    expect(await dueTimes(db, NOW)).toEqual(
      ['ins_0', 'ins_1', 'ins_2'].map((instanceId) => ({ instanceId, dueAt: 0 })),
    )
    expect(cost).toEqual({ roundTrips: 1, rowsRead: 4, rowsWritten: 0 })
  })

  it('of one instance costs its row and its sources', async () => {
    const { db, cost } = counted()
    expect(await dueSources(db, 'ins_1', NOW)).toHaveLength(1)
    // One of them twice: they are put in order.
    expect(cost.rowsRead).toBeLessThanOrEqual(4)
  })

  it('of all endpoints costs a few rows an endpoint, however much one has piled up', async () => {
    const { db, cost } = counted()
    expect([...(await dueEndpoints(db, NOW))]).toEqual(
      ['ep_0', 'ep_1', 'ep_2', 'ep_3', 'ep_4'].map((id) => [id, 0]),
    )
    // The last of them: whether it is paused.
    expect(cost.rowsRead).toBeLessThanOrEqual(7 * 5)
  })

  it('at some endpoints costs what is taken, not what has piled up', async () => {
    const { db, cost } = counted()
    const { deliveries } = await dueDeliveries(db, ['ep_0', 'ep_1', 'ep_5', 'ep_9'], 10, NOW)
    expect(deliveries).toHaveLength(11)
    expect(cost.roundTrips).toBe(1)
    // Four of each are for that the data of an event comes once, however many it is owed to.
    expect(cost.rowsRead).toBeLessThanOrEqual(11 * 14)
  })

  it('which of a hundred videos are known costs a row each', async () => {
    const { db, cost } = counted()
    const uuids = Array.from({ length: 100 }, (_, index) => `v${index + VIDEOS - 50}`)
    expect((await knownVideos(db, 'src_0', uuids)).size).toBe(50)
    expect(cost).toEqual({ roundTrips: 1, rowsRead: expect.any(Number), rowsWritten: 0 })
    expect(cost.rowsRead).toBeLessThanOrEqual(200)
  })

  // What a page of a hundred costs is what is asked for, and what it should show: never all that is known.
  const page = (newest: number) => Array.from({ length: 100 }, (_, index) => `v${newest - index}`)
  it.each([
    ['at the top', VIDEOS - 1, { after: VIDEOS - 100, before: Number.MAX_SAFE_INTEGER }],
    ['in the middle', 50_400, { after: 50_301, before: 50_400 }],
    ['at the end', 99, { after: 0, before: 99 }],
    [
      'of nothing that could be read',
      99,
      { after: Number.MAX_SAFE_INTEGER, before: Number.MIN_SAFE_INTEGER },
    ],
  ])(
    'what is known of a page %s, among 100,000, costs a few rows for each of its videos',
    async (_name, newest, span) => {
      const { db, cost } = counted()
      const { known, missing } = await knownPage(db, 'src_0', page(newest), span)
      expect(known.size).toBe(100)
      expect(missing).toEqual([])
      expect(cost).toEqual({ roundTrips: 1, rowsRead: expect.any(Number), rowsWritten: 0 })
      expect(cost.rowsRead).toBeLessThanOrEqual(5 * 100)
    },
  )

  it('what a page should show and does not is what is listed between its ends, and costs a row each', async () => {
    const { db, cost } = counted()
    const shown = page(50_600).filter((uuid) => uuid !== 'v50550')
    const { known, missing } = await knownPage(db, 'src_0', shown, { after: 50_501, before: 50_600 })
    // v50500 and v49500 are not listed; the ends are not within.
    expect(known.size).toBe(99)
    expect(missing).toEqual(['v50550'])
    expect(cost.rowsRead).toBeLessThanOrEqual(500)
  })

  it('a list that shows nothing any more names the newest that are missing, and reads no more than those', async () => {
    const { db, cost } = counted()
    const whole = { after: Number.MIN_SAFE_INTEGER, before: Number.MAX_SAFE_INTEGER }
    const { known, missing } = await knownPage(db, 'src_0', [], whole)
    expect(known.size).toBe(0)
    expect(missing).toHaveLength(200)
    expect(missing.slice(0, 2)).toEqual([`v${VIDEOS - 1}`, `v${VIDEOS - 2}`])
    expect(cost.rowsRead).toBeLessThanOrEqual(600)
  })

  it('which of 100,000 are not listed costs as many rows as are asked for, the longest unseen first', async () => {
    const { db, cost } = counted()
    const newest = Array.from({ length: 20 }, (_, index) => `v${(UNLISTED - index) * 1_000 - 500}`)
    expect(await unlistedVideos(db, 'src_0', 20)).toEqual(newest)
    expect(cost).toEqual({ roundTrips: 1, rowsRead: expect.any(Number), rowsWritten: 0 })
    expect(cost.rowsRead).toBeLessThanOrEqual(21)
    expect(await unlistedVideos(db, 'src_1', 20)).toEqual([])
  })

  it('a page of the event log, deep in it, costs its rows, and a look at what is private', async () => {
    const { db, cost } = counted()
    expect(await listEvents(db, { viewerId: 'usr_administrator', after: 1_500 }, 100)).toHaveLength(100)
    expect(cost.rowsRead).toBeLessThanOrEqual(101)
  })
})

describe('Writing', () => {
  const source = async () => {
    const [due] = await dueSources(env.DB, 'ins_0', NOW)
    if (!due) throw new Error('ins_0 is not due')
    return due
  }
  const nothing = {
    checkpoint: '{}',
    etag: null,
    digest: null,
    now: NOW,
    dueAt: 0,
    dueReason: 'active',
    rate: 0,
    events: [],
    writes: [],
  }
  /** An event of a video. The statement stores whatever JSON it is given. */
  const eventOf = (subject: string, data: unknown = {}): NewEvent => ({
    id: `evt_${subject}`,
    type: 'video.published',
    instance: 'h0',
    subject,
    ownerId: null,
    seenAt: NOW,
    data: data as never,
  })
  const known = (uuid: string): KnownVideo => ({
    uuid,
    publishedAt: NOW,
    state: 'listed',
    data: '{}',
    tags: null,
    comments: null,
    commentsRead: null,
    returns: 0,
  })

  it('nothing new costs one round trip and two rows: the source, and its place among what is due', async () => {
    const { db, cost } = counted()
    await commitProgress(db, await source(), 'poll_1', { ...nothing, dueAt: 1 })
    expect(cost.roundTrips).toBe(1)
    expect(cost.rowsWritten).toBeLessThanOrEqual(2)
    expect(cost.rowsRead).toBeLessThanOrEqual(2)
  })

  it('a hundred events for twenty endpoints cost one round trip; again, with the same poll, nothing', async () => {
    const { db, cost } = counted()
    const events = Array.from({ length: 100 }, (_, index) => eventOf(`new${index}`))
    const rows = events.map(({ subject }) => known(subject))
    const due = await source()
    const progress = { ...nothing, events, writes: [rememberVideos(due.id, rows, NOW)] }
    const committed = await commitProgress(db, due, 'poll_2', progress)
    expect(committed).toMatchObject({ kind: 'committed' })
    expect(committed.kind === 'committed' && committed.events.map(({ id }) => id)).toEqual(
      events.map(({ id }) => id),
    )
    expect(committed.kind === 'committed' && committed.endpoints).toHaveLength(ENDPOINTS)
    expect(cost.roundTrips).toBe(1)
    // Two thousand deliveries, for each of which a key, a subscription and an endpoint are read; besides them a few rows for
    // each event, and none for what was there before.
    expect(cost.rowsRead).toBeLessThanOrEqual(6 * 100 * ENDPOINTS)
    // A delivery is two rows: itself, and its place among what is due. An event is nine: itself, its video and that
    // one's place among those listed, and its places in six indexes, of which five are for those who read the log
    // (docs/decisions/010, 017).
    expect(cost.rowsWritten - 2 * 100 * ENDPOINTS).toBeLessThanOrEqual(9 * 100 + 3)

    const again = await commitProgress(env.DB, due, 'poll_2', progress)
    expect(again).toEqual({ kind: 'superseded' })
    const other = await commitProgress(env.DB, due, 'poll_3', progress)
    expect(other).toEqual({ kind: 'superseded' })
    const owed = await env.DB.prepare(
      "SELECT count(*) AS count FROM deliveries d JOIN events e ON e.sequence = d.event_sequence WHERE e.poll_id = 'poll_2'",
    ).first()
    expect(owed).toEqual({ count: 100 * ENDPOINTS })
  })

  it('from what is no longer so writes nothing at all: no video, no event, no delivery', async () => {
    const stale = await source()
    await commitProgress(env.DB, stale, 'poll_first', nothing)
    const others = { failures: 9, failingSince: 1, unreachableAt: 1 }
    const writes = [
      rememberVideos(stale.id, [known('stale')], NOW),
      forgetVideos(stale.id, ['v1']),
      noteReachability('ins_0', others),
      noteMove('ins_0', 'https://late', 'https://h0'),
      noteVersion('ins_0', 'late'),
      putOffSources('ins_0', NOW * 3, 'late'),
      wakeComments('ins_0', NOW),
    ]
    const events = [eventOf('stale')]
    const late = { ...nothing, checkpoint: '"late"', writes, events }
    expect(await commitProgress(env.DB, stale, 'poll_late', late)).toEqual({ kind: 'superseded' })
    const failure = { kind: 'http', detail: 'late' }
    const setback = { now: NOW, dueAt: NOW * 3, dueReason: 'late', failure, writes, events }
    expect(await commitSetback(env.DB, stale, 'poll_late', setback)).toEqual({ kind: 'superseded' })
    const counts = await env.DB.prepare(
      `SELECT (SELECT count(*) FROM videos WHERE uuid = 'stale') AS videos,
              (SELECT count(*) FROM videos WHERE source_id = 'src_0' AND uuid = 'v1') AS others,
              (SELECT count(*) FROM instances WHERE id = 'ins_0'
                AND (failures > 0 OR unreachable_at IS NOT NULL OR moved_from IS NOT NULL OR version = 'late')) AS instances,
              (SELECT count(*) FROM events WHERE id = 'evt_stale') AS events,
              (SELECT count(*) FROM sources WHERE id = ? AND (checkpoint = '"late"' OR failures > 0 OR due_at > ?)) AS moved`,
    )
      .bind(stale.id, NOW)
      .first()
    expect(counts).toEqual({ videos: 0, others: 1, instances: 0, events: 0, moved: 0 })
  })

  it('an event that is there already causes no delivery to who subscribed since', async () => {
    const event = eventOf('again')
    await commitProgress(env.DB, await source(), 'poll_then', { ...nothing, events: [event] })
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO endpoints (id, owner_id, url, description, secret, created_at) VALUES ('ep_new', 'usr_administrator', 'https://n', '', 's', 0)`,
      ),
      env.DB.prepare(
        `INSERT INTO subscriptions (id, owner_id, endpoint_id, created_at) VALUES ('sub_new', 'usr_administrator', 'ep_new', 0)`,
      ),
      env.DB.prepare(`INSERT INTO subscription_keys VALUES ('*', '', '', 'sub_new')`),
    ])
    // As when an instance was removed and is added again, with a backfill.
    const again = await commitProgress(env.DB, await source(), 'poll_now', { ...nothing, events: [event] })
    expect(again).toMatchObject({ kind: 'committed', events: [] })
    const owed = await env.DB.prepare(
      "SELECT count(*) AS count FROM deliveries WHERE endpoint_id = 'ep_new'",
    ).first()
    await env.DB.prepare("DELETE FROM endpoints WHERE id = 'ep_new'").run()
    expect(owed).toEqual({ count: 0 })
  })

  it('a hundred events as long as a hostile instance can make them are one round trip too', async () => {
    const { db, cost, longestParameter } = counted()
    // As long as the schema of a video lets its texts be, in four bytes a character.
    const events = Array.from({ length: 100 }, (_, index) =>
      eventOf(`long${index}`, { text: '𝄞'.repeat(11_000) }),
    )
    const committed = await commitProgress(db, await source(), 'poll_long', { ...nothing, events })
    expect(committed.kind === 'committed' && committed.events.map(({ id }) => id)).toEqual(
      events.map(({ id }) => id),
    )
    expect(cost.roundTrips).toBe(1)
    expect(longestParameter()).toBeLessThan(2_000_000)
  })

  it('an attempt that succeeds costs a row, and one for its endpoint in the round, and is counted once', async () => {
    const { db, cost } = counted()
    const attempt = {
      endpointId: 'ep_1',
      sequence: 1,
      number: 1,
      startedAt: NOW,
      durationMs: 5,
      status: 200,
      error: null,
      response: null,
      state: 'delivered' as const,
      dueAt: null,
      finishedAt: NOW,
    }
    await recordAttempts(db, [attempt], [], NOW)
    expect(cost.roundTrips).toBe(1)
    // The delivery, and what is counted of its endpoint's hour.
    expect(cost.rowsWritten).toBe(2)
    expect(cost.rowsRead).toBeLessThanOrEqual(12)
    await recordAttempts(env.DB, [{ ...attempt, state: 'failed', status: 500, error: 'late' }], [], NOW)
    expect(
      await env.DB.prepare(
        "SELECT state, attempts FROM deliveries WHERE endpoint_id = 'ep_1' AND event_sequence = 1",
      ).first(),
    ).toEqual({ state: 'delivered', attempts: 1 })
    // Nor is one that began from another state than the delivery has.
    const ahead = { ...attempt, endpointId: 'ep_2', number: 3 }
    await recordAttempts(env.DB, [ahead], [], NOW)
    expect(
      await env.DB.prepare(
        `SELECT d.attempts, a.number FROM deliveries d LEFT JOIN attempts a USING (endpoint_id, event_sequence)
         WHERE endpoint_id = 'ep_2' AND event_sequence = 1`,
      ).first(),
    ).toEqual({ attempts: 0, number: null })
  })
})
