/**
 * @module A day of watching, at the default settings: what it costs an instance on which nothing happens, and how late it is told
 * what happens now and then on another. Instances of several sizes and versions are watched in the same day.
 */
import { type SimulatedInstance, startInstance } from '../test/simulator/instance.ts'
import { atMost, type Figure } from './figures.ts'
import { HOUR, MAX_DELAY, MINUTE, type Told, Turned } from './turned.ts'

const DAY = 24 * HOUR
/** The first walk is done by then, the caches of the instances have ended, and what was written meanwhile has been found. */
const SETTLING = 2 * HOUR
/** Of versions that differ in what they tell of comments. */
const KINDS = [10, 2_000].flatMap((videos) => ['6.3.0', '8.1.0'].map((version) => ({ videos, version })))
const LATE_MS = 5_000

/** The figures of a day. */
export async function dayFigures(): Promise<Figure[]> {
  const turned = await Turned.start()
  try {
    const idle = await Promise.all(KINDS.map((kind) => startWatched(turned, kind)))
    const busy = await Promise.all(KINDS.map((kind) => startWatched(turned, kind)))
    await turned.pass(HOUR)
    // A thread that is known is looked at again every hour: of an instance without one a day would cost less.
    for (const one of [...idle, ...busy]) one.thread = one.instance.comment(one.videos.at(-1) ?? '', 'Old').id
    await turned.pass(SETTLING - HOUR)
    const before = idle.map(({ instance }) => instance.requests().length)
    const busyBefore = busy.map(({ instance }) => instance.requests().length)
    turned.told.length = 0

    const happenings: Happening[] = []
    for (const [index, one] of busy.entries()) planDay(turned, one, index, happenings)
    await turned.pass(DAY)
    const requests = idle.map(({ instance }, index) => instance.requests().length - (before[index] ?? 0))
    const busyRequests = busy.map(
      ({ instance }, index) => instance.requests().length - (busyBefore[index] ?? 0),
    )
    // What happened last may be told a little after the day.
    await turned.pass(HOUR)

    const late = match(happenings, turned.told)
    const worst = (names: readonly string[]) =>
      Math.max(...late.filter(({ name }) => names.includes(name)).map(({ lateMs }) => lateMs))
    return [
      atMost('idle.day.requests', Math.max(...requests), 500, 'requests'),
      ...KINDS.map(({ videos, version }, index) =>
        known(`idle.day.requests.${videos}_videos.${version}`, requests[index] ?? Number.NaN, 'requests'),
      ),
      known('idle.day.busy_requests', Math.max(...busyRequests), 'requests'),
      atMost('idle.day.late_ms', worst(['video', 'live', 'comment']), LATE_MS, 'ms after its delay'),
      known('idle.day.late_ms.videos', worst(['video']), 'ms'),
      known('idle.day.late_ms.lives', worst(['live']), 'ms'),
      known('idle.day.late_ms.comments', worst(['comment']), 'ms'),
      known('idle.day.late_ms.deletions', worst(['deletion']), 'ms'),
    ]
  } finally {
    await turned.stop()
  }
}

function known(name: string, value: number, unit: string): Figure {
  return { name, value, unit, target: null, pass: true }
}

/** `videos`: newest first; `thread`: a comment on the oldest. */
type Watched = { instance: SimulatedInstance; videos: string[]; thread: number }

async function startWatched(turned: Turned, { videos, version }: (typeof KINDS)[number]): Promise<Watched> {
  const instance = await startInstance({ videos, version })
  await turned.watch(instance, version)
  return { instance, videos: instance.list(), thread: 0 }
}

type Happening = Told & { name: 'video' | 'live' | 'comment' | 'deletion'; maxDelayMs: number }

/**
 * Minutes from one comment to the next. Some are just above two hours: the feed of comments is read then anyway, and kept
 * by the instance for a quarter of an hour.
 */
const COMMENTS_APART = [73, 121, 124, 128, 131, 190, 122, 126, 130, 97]
/** From one of the others to the next: a video, a live, its end, a deletion. */
const OTHERS_APART = 67

/** @param index so that no two instances' happenings fall together. @param happenings gets them as they happen. */
function planDay(
  turned: Turned,
  { instance, videos, thread }: Watched,
  index: number,
  happenings: Happening[],
): void {
  const now = turned.now()
  const tell = (name: Happening['name'], type: string, subject: string | number) =>
    happenings.push({
      name,
      type,
      instance: instance.host,
      subject: String(subject),
      at: turned.now(),
      maxDelayMs: name === 'comment' ? MAX_DELAY.comments : MAX_DELAY.videos,
    })

  let last = thread
  let minutes = 11 * (index + 1)
  for (const [count, apart] of COMMENTS_APART.entries()) {
    turned.at(now + minutes * MINUTE + index * 17_000, () => {
      const isReply = count % 2 === 0
      const { id } = isReply
        ? instance.comment(videos.at(-1) ?? '', 'Deeper', last)
        : instance.comment(videos[0] ?? '', 'New')
      if (isReply) last = id
      tell('comment', 'comment.created', id)
    })
    minutes += apart
  }

  const acts: (() => void)[] = []
  for (let round = 0; round < 3; round += 1) {
    let live = ''
    acts.push(
      () => tell('video', 'video.published', instance.publish().uuid),
      () => {
        live = instance.startLive().uuid
        tell('live', 'video.published', live)
        tell('live', 'live.started', live)
      },
      () => {
        instance.endLive(live, { replay: round === 0, permanent: round === 1 })
        tell('live', 'live.ended', live)
      },
      () => {
        const uuid = videos[2 + round] ?? ''
        instance.remove(uuid)
        tell('deletion', 'video.deleted', uuid)
      },
    )
  }
  for (const [count, act] of acts.entries()) {
    turned.at(now + (count + 1) * OTHERS_APART * MINUTE + index * 41_000, act)
  }
}

/** How late each was told. @throws Error when something was not told, or was told that didn't happen. */
function match(happenings: readonly Happening[], told: readonly Told[]) {
  const key = ({ instance, type, subject }: Told) => `${instance} ${type} ${subject}`
  const times = new Map(told.map((one) => [key(one), one.at]))
  const wanted = new Set(happenings.map(key))
  const invented = told.filter((one) => !wanted.has(key(one)))
  const missed = happenings.filter((one) => !times.has(key(one)))
  if (invented.length + missed.length > 0) throw new Error(JSON.stringify({ invented, missed }))
  return happenings.map((one) => ({
    name: one.name,
    lateMs: Math.round((times.get(key(one)) ?? Number.NaN) - one.at - one.maxDelayMs),
  }))
}
