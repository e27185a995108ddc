/**
 * @module The catalogue of events as everybody outside sees them: of each type what it means, what its payload is, and an
 * example. The API, its description, the clients and docs/events.md are made of it.
 */
import * as v from 'valibot'
import { TUBEWIRE } from './endpoint-events.ts'
import * as world from './example-world.ts'
import * as payload from './payloads.ts'
import { EVENT_TYPES, type EventData, type EventType } from './types.ts'

/** What there is to say of a type of event. */
type Entry<TType extends EventType> = {
  /** When there is one, in a sentence. */
  when: string
  /** How it comes to be known: from what an instance shows to anybody, from a connection only, or here. */
  from: 'public' | 'connection' | 'tubewire'
  data: v.GenericSchema<EventData[TType]> & { entries: v.ObjectEntries }
  /** Of the recorded instance: `id` as the detectors make it. */
  example: { id: string; timestamp: string; data: EventData[TType] }
}

const video = v.strictObject({ video: payload.Video })
const comment = { comment: payload.Comment, video: payload.VideoReference }
const notification = { notification: payload.Notification, connection: payload.Connection }
const since = v.pipe(v.string(), v.isoTimestamp(), v.description('When it began to fail.'))

const ENTRIES = {
  'video.published': {
    when: 'A video can be seen that could not be before: it is new, was made public, or its time has come.',
    from: 'public',
    data: video,
    example: {
      id: 'evt_fb5a7588a0bf4fcecc66cc55690b46ff',
      timestamp: '2026-11-23T21:19:37.421Z',
      data: { video: world.newVideo },
    },
  },
  'video.updated': {
    when: 'People edited a video, moved it to another channel, or listed or unlisted it. Likes and views are no update.',
    from: 'public',
    data: v.strictObject({ video: payload.Video, changes: payload.VideoChanges }),
    example: {
      id: 'evt_6d971ac34c15f332e87e6a96962467b4',
      timestamp: '2026-11-23T21:20:37.421Z',
      data: {
        video: world.renamedVideo,
        changes: { name: { from: 'Alice video 2', to: 'Alice video 2 (renamed)' } },
      },
    },
  },
  'video.unpublished': {
    when: 'A video was turned private or internal, or got a password: the instance answers 401 or 403.',
    from: 'public',
    data: video,
    example: {
      id: 'evt_f92713305eee31f44f1fae1c1ad843fa',
      timestamp: '2026-11-23T21:21:37.421Z',
      data: { video: world.privateVideo },
    },
  },
  'video.deleted': {
    when: 'A video is gone: the instance answers 404, at two polls.',
    from: 'public',
    data: video,
    example: {
      id: 'evt_23ac4a0df89e6fd8814d21181a95a390',
      timestamp: '2026-11-23T21:22:37.421Z',
      data: { video: world.deletedVideo },
    },
  },
  'live.started': {
    when: 'A live is on.',
    from: 'public',
    data: video,
    example: {
      id: 'evt_05ab4286fe5cbc070c3ee178794f1769',
      timestamp: '2026-11-23T21:24:37.421Z',
      data: { video: world.live },
    },
  },
  'live.ended': {
    when: 'A live is over.',
    from: 'public',
    data: v.strictObject({
      video: payload.Video,
      replay: v.pipe(
        v.boolean(),
        v.description('Whether what was streamed is there to be watched, as an ordinary video.'),
      ),
    }),
    example: {
      id: 'evt_4c814f2e68603c6cdb7235aea90d19f4',
      timestamp: '2026-11-23T21:46:37.421Z',
      data: { video: world.replay, replay: true },
    },
  },
  'comment.created': {
    when: 'Somebody commented on a video, or replied to a comment, at any depth.',
    from: 'public',
    data: v.strictObject(comment),
    example: {
      id: 'evt_7f9550b08576923506d6c73fb32d259d',
      timestamp: '2026-11-23T21:19:41.008Z',
      data: { comment: world.reply, video: world.commented },
    },
  },
  'comment.updated': {
    when: 'The text of a comment was edited.',
    from: 'public',
    data: v.strictObject({ ...comment, changes: v.strictObject({ text: payload.TextChange }) }),
    example: {
      id: 'evt_4540ebe70319ddcce0ebe4eb0bebf980',
      timestamp: '2026-11-23T21:20:41.008Z',
      data: {
        comment: world.root,
        video: world.commented,
        changes: { text: { from: 'First! Hello', to: 'First! Hello @alice' } },
      },
    },
  },
  'comment.deleted': {
    when: 'A comment was deleted. What it said is not told any more.',
    from: 'public',
    data: v.strictObject(comment),
    example: {
      id: 'evt_043836e6e4c21a4168a38a1bde18b881',
      timestamp: '2026-11-23T21:20:41.008Z',
      data: { comment: world.deletedComment, video: world.commented },
    },
  },
  'notification.created': {
    when: 'The instance tells an account something.',
    from: 'connection',
    data: v.strictObject(notification),
    example: {
      id: 'evt_75ac27d6cbca39e2c874f1406e3d43ab',
      timestamp: '2026-11-23T21:19:43.250Z',
      data: { notification: world.notification, connection: world.connection },
    },
  },
  'notification.unknown': {
    when: 'The instance tells an account something of a kind that is not known here: of a newer PeerTube, or a plugin.',
    from: 'connection',
    data: v.strictObject({
      ...notification,
      raw: v.pipe(v.unknown(), v.description('What the instance sent, cut when it is large.')),
    }),
    example: {
      id: 'evt_b42e14e04f2bc91e7584168ac95900c4',
      timestamp: '2026-11-23T21:25:43.250Z',
      data: {
        notification: {
          id: 22,
          type: 99,
          kind: 'unknown',
          read: false,
          createdAt: '2026-11-23T21:25:12.640Z',
          updatedAt: '2026-11-23T21:25:12.640Z',
        },
        raw: {
          id: 22,
          type: 99,
          read: false,
          createdAt: '2026-11-23T21:25:12.640Z',
          updatedAt: '2026-11-23T21:25:12.640Z',
          anniversary: { years: 5 },
        },
        connection: world.connection,
      },
    },
  },
  'notification.read': {
    when: 'A notification was marked as read.',
    from: 'connection',
    data: v.strictObject(notification),
    example: {
      id: 'evt_1077661741b9712d9fb9da40df73561c',
      timestamp: '2026-11-23T21:26:43.250Z',
      data: {
        notification: { ...world.notification, read: true, updatedAt: '2026-11-23T21:26:05.877Z' },
        connection: world.connection,
      },
    },
  },
  'instance.unreachable': {
    when: 'An instance could not be read five times in a row. It is asked again, once an hour.',
    from: 'public',
    data: v.strictObject({
      instance: payload.Instance,
      reason: payload.reason,
      detail: payload.detail,
      since,
    }),
    example: {
      id: 'evt_21b7ec5b7de460adacb62a2180d4e88a',
      timestamp: '2026-11-24T03:31:09.114Z',
      data: {
        instance: world.instance,
        reason: 'timeout',
        detail: 'gave no answer within 15 s',
        since: '2026-11-24T03:00:09.114Z',
      },
    },
  },
  'instance.recovered': {
    when: 'An instance that was unreachable answers again. What happened meanwhile follows.',
    from: 'public',
    data: v.strictObject({ instance: payload.Instance, since }),
    example: {
      id: 'evt_4fa4c05c557f51e3805829aecd7965ad',
      timestamp: '2026-11-24T04:31:09.114Z',
      data: { instance: world.instance, since: '2026-11-24T03:00:09.114Z' },
    },
  },
  'instance.upgraded': {
    when: 'An instance runs another version of PeerTube.',
    from: 'public',
    data: v.strictObject({ instance: payload.Instance, from: v.string(), to: v.string() }),
    example: {
      id: 'evt_99a9263b40ff48ecd30d0a44a42f5014',
      timestamp: '2026-11-24T04:31:10.360Z',
      data: { instance: world.instance, from: '6.2.1', to: '6.3.0' },
    },
  },
  'connection.expired': {
    when: 'The instance ended the session of a connection: nothing is read with it until you log in again.',
    from: 'connection',
    data: v.strictObject({
      connection: payload.Connection,
      reason: payload.reason,
      detail: payload.detail,
    }),
    example: {
      id: 'evt_ba9ed5a05aadf890a314d82cf6223b21',
      timestamp: '2026-11-24T06:00:02.730Z',
      data: {
        connection: world.connection,
        reason: 'session-ended',
        detail: 'peertube.example refuses the session that it renewed: log in again',
      },
    },
  },
  'endpoint.disabled': {
    when: 'An endpoint of yours is sent nothing any more: it answered 410, or failed for too long.',
    from: 'tubewire',
    data: v.strictObject({
      endpoint: payload.Endpoint,
      reason: payload.reason,
      detail: payload.detail,
      since,
    }),
    example: {
      id: 'evt_dd57e13261b9d27a56dd7f0e1e06ce19',
      timestamp: '2026-11-29T03:00:10.114Z',
      data: {
        endpoint: world.endpoint,
        reason: 'failing',
        detail: 'it only failed for 5 days',
        since: '2026-11-24T03:00:09.114Z',
      },
    },
  },
  'endpoint.recovered': {
    when: 'An endpoint of yours answers well again, after it was sent no more than a probe now and then. What waited follows.',
    from: 'tubewire',
    data: v.strictObject({ endpoint: payload.Endpoint, since }),
    example: {
      id: 'evt_c9cceb05b35a65db9d9b7ddb57bdcd04',
      timestamp: '2026-11-24T05:30:09.114Z',
      data: { endpoint: world.endpoint, since: '2026-11-24T03:00:09.114Z' },
    },
  },
  'delivery.failed': {
    when: 'A delivery to an endpoint of yours was given up after its last attempt. It can be recovered.',
    from: 'tubewire',
    data: v.strictObject({
      endpoint: payload.Endpoint,
      event: v.strictObject({
        id: v.string(),
        type: v.string(),
        sequence: v.pipe(v.number(), v.integer()),
      }),
      attempts: v.pipe(v.number(), v.integer(), v.description('How many were made.')),
      detail: payload.detail,
    }),
    example: {
      id: 'evt_31f94002da11690f1444610d38fbb3f0',
      timestamp: '2026-11-27T07:35:14.002Z',
      data: {
        endpoint: world.endpoint,
        event: { id: 'evt_fb5a7588a0bf4fcecc66cc55690b46ff', type: 'video.published', sequence: 42 },
        attempts: 10,
        detail: 'answered 500, and so ended the last of 10 attempts',
      },
    },
  },
} as const satisfies { [TType in EventType]: Entry<TType> }

/** An object type with all of its fields in one place. */
type Plain<T> = T extends object ? { [TField in keyof T]: Plain<T[TField]> } : T
/** Whether two types are the same: not only can each be assigned to the other. */
type IsSame<TOne, TOther> =
  (<T>() => T extends Plain<TOne> ? 1 : 2) extends <T>() => T extends Plain<TOther> ? 1 : 2 ? true : false

/** Each entry, but `never` where the schema says anything else than `EventData`. */
type Proven = {
  [TType in EventType]: IsSame<v.InferOutput<(typeof ENTRIES)[TType]['data']>, EventData[TType]> extends true
    ? Entry<TType>
    : never
}

/** Every type of event. A new one is an entry here, and one in types.ts. */
export const CATALOGUE: Proven = ENTRIES

/** An event as everybody sees it. */
type ExampleEvent<TType extends EventType> = {
  id: string
  type: TType
  timestamp: string
  sequence: number
  instance: string
  data: EventData[TType]
}

/** The example of a type, whole. */
export function exampleOf<TType extends EventType>(type: TType): ExampleEvent<TType> {
  const { from, example } = CATALOGUE[type]
  const { id, timestamp, data } = example
  const sequence = 42 + EVENT_TYPES.indexOf(type)
  return {
    id,
    type,
    timestamp,
    sequence,
    instance: from === 'tubewire' ? TUBEWIRE : world.instance.host,
    data,
  }
}
