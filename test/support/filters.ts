/** @module Random filters and events of few values, so that they often meet. */
import type { Filter } from '../../src/events/filter.ts'
import { TYPE_PATTERNS } from '../../src/events/filter.ts'
import { EVENT_TYPES, type NewEvent } from '../../src/events/types.ts'
import type { Random } from '../model/random.ts'

const HOSTS = ['a.example', 'b.example', 'A.example', 'c.example']
const NAMES = ['news', 'News', 'music', 'ΟΔΟΣ']
const TAGS = ['alpha', 'Alpha', 'Überall', 'ünder the sea', 'a_b%', 'x\u001Fy', 'x y']
const WORDS = [
  'Fish',
  'fish',
  'STRASSE',
  'ΟΔΟΣ',
  'ΟΔΟΣΗ',
  'é',
  'e\u0301',
  "o'clock",
  '100%',
  'line\r\nline',
  '',
]
const LANGUAGES = ['en', 'EN', 'zh-Hans']
const KINDS = ['newCommentOnMyVideo', 'newFollow', 'unknown']
const UUIDS = ['43493d1c-8fbe-411e-9932-9ee0e7172022', '6C6DB89F-2484-4629-bcaf-372d03aca0a3']
const DURATIONS = [0, 1, 59, 60, 61.5, 3600]
/** Types that this version does not know, besides those that it does. */
const STRANGE = ['endpoint.disabled', 'endpoint.recovered', 'delivery.failed', 'planet.landed', 'odd']
export const OWNERS = ['usr_administrator', 'usr_other']
export const ENDPOINTS = ['ep_0', 'ep_1', 'ep_2', 'ep_3', 'ep_4', 'ep_5']

export function randomFilter(random: Random): Filter {
  const some = <T>(values: readonly T[], probability = 0.15): T[] | undefined =>
    random.chance(probability)
      ? Array.from({ length: random.int(1, 3) }, () => random.pick(values)).filter((one) => one !== undefined)
      : undefined
  const maybe = <T>(value: T, probability = 0.1) => (random.chance(probability) ? value : undefined)
  const handles = NAMES.flatMap((name) => HOSTS.map((host) => `${name}@${host}`))
  return {
    types: some([...TYPE_PATTERNS, '*', 'video.*', 'comment.*', 'instance.*', ...STRANGE, 'endpoint.*'], 0.5),
    instances: some(HOSTS, 0.25),
    channels: some(handles),
    accounts: some(handles),
    videos: some(UUIDS),
    languages: some(LANGUAGES),
    categories: some([1, 15, 151]),
    tags: some(TAGS),
    nsfw: maybe(random.chance(0.5)),
    localOnly: maybe(random.chance(0.8)),
    minDuration: maybe(random.pick([0, 1, 60, 61])),
    maxDuration: maybe(random.pick([1, 59, 60, 3600])),
    text: maybe(random.pick(WORDS.filter((word) => word !== ''))),
    notificationKinds: some(KINDS, 0.05),
  }
}

/** Not of the shape that its type has: as a filter meets it. */
export function randomEvent(random: Random, id: string): NewEvent {
  const of = <T>(values: readonly T[], absent = 0.2): T | null =>
    random.chance(absent) ? null : (random.pick(values) ?? null)
  const actor = () => ({ name: of(NAMES, 0), host: of(HOSTS, 0), handle: 'anything' })
  const label = <T>(values: readonly T[]) => {
    const id = of(values)
    return id === null ? null : { id, label: '' }
  }
  const video = () => ({
    uuid: of(UUIDS, 0),
    name: `${of(WORDS)} ${of(WORDS)}`,
    description: of(WORDS),
    duration: of(DURATIONS, 0),
    isLive: random.chance(0.1),
    ...(random.chance(0.5) ? { isLocal: random.chance(0.5) } : {}),
    nsfw: of([true, false]),
    category: label([1, 15, 151, 5]),
    language: label(LANGUAGES),
    tags: random.chance(0.3) ? null : [of(TAGS, 0), of(TAGS, 0)],
    channel: random.chance(0.2) ? null : actor(),
    account: random.chance(0.2) ? null : actor(),
  })
  const type = of([...EVENT_TYPES, ...STRANGE], 0) ?? 'odd'
  const [kind = ''] = type.split('.')
  const comment = { threadId: 1, text: of(WORDS), account: random.chance(0.3) ? null : actor() }
  const data: Record<string, unknown> = {
    video: { video: video() },
    live: { video: video() },
    comment: { video: video(), comment },
    notification: {
      notification: {
        kind: of(KINDS, 0),
        ...(random.chance(0.5) ? { comment: { account: actor(), video: video() } } : {}),
        ...(random.chance(0.3)
          ? {
              actorFollow: { follower: actor(), following: { ...actor(), type: of(['channel', 'account']) } },
            }
          : {}),
      },
    },
  }
  const isPrivate = kind === 'notification' || kind === 'endpoint' || random.chance(0.15)
  return {
    id,
    type,
    instance: of(HOSTS, 0) ?? '',
    subject: of(ENDPOINTS, 0) ?? '',
    ownerId: isPrivate ? of(OWNERS, 0) : null,
    seenAt: 1,
    data: data[kind] ?? {},
    // Neither its type nor its payload need be one that is known.
  } as unknown as NewEvent
}
