/** @module Where an event came from: what it is about, of whom, when it was seen. */
import type { ComponentChildren } from 'preact'
import { linkTo } from '../../address.ts'
import { api, call, type Schemas } from '../../api.ts'
import { endpointName } from '../../endpoint-name.ts'
import { typeName } from '../../event-types.ts'
import { kindName, wordsOf } from '../../event-words.ts'
import { duration, exactTime, number } from '../../format.ts'
import { CopyButton } from '../../parts/copy.tsx'
import { OutsideLink } from '../../parts/outside-link.tsx'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'

type Event = Schemas['Event']
type Fact = [title: string, value: ComponentChildren]

export function Facts({ event }: { event: Event }) {
  const facts: Fact[] = [
    [t.events.instance, <InstanceLink key="instance" host={event.instance} />],
    ...factsOf(event),
    [t.events.seen, <When key="seen" at={event.timestamp} />],
    [t.common.type, <code key="type">{event.type}</code>],
    [t.events.sequence, number(event.sequence)],
    [
      t.events.id,
      <span key="id" class="with-copy">
        <code class="wrap">{event.id}</code> <CopyButton text={event.id} what={t.events.id} />
      </span>,
    ],
  ]
  return (
    <section class="card">
      <h2>{t.events.facts}</h2>
      <dl class="facts">
        {facts.map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function When({ at }: { at: string }) {
  return (
    <>
      {exactTime(at)}{' '}
      <span class="quiet">
        (<Moment at={at} />)
      </span>
    </>
  )
}

/** Of what the event is about. */
function factsOf(event: Event): Fact[] {
  const { data } = event
  if ('comment' in data) return commentFacts(data)
  if ('video' in data) return videoFacts(data.video)
  if ('notification' in data)
    return [
      [
        t.events.account,
        <Id key="connection" page="connections" {...data.connection} name={data.connection.username} />,
      ],
      [t.events.notificationKind, kindName(data.notification.kind)],
      ...aboutFact(event),
    ]
  if ('connection' in data)
    return [
      [
        t.events.account,
        <Id key="connection" page="connections" {...data.connection} name={data.connection.username} />,
      ],
    ]
  if ('endpoint' in data) return endpointFacts(data)
  return 'since' in data ? [[t.events.failingSince, <When key="since" at={data.since} />]] : []
}

function aboutFact(event: Event): Fact[] {
  const { more } = wordsOf(event)
  if (more === '') return []
  return [
    [
      t.events.about,
      <span key="about" dir="auto">
        {more}
      </span>,
    ],
  ]
}

function endpointFacts(data: Extract<Event['data'], { endpoint: unknown }>): Fact[] {
  const { id } = data.endpoint
  const facts: Fact[] = [
    [t.events.endpoint, <Id key="endpoint" page="endpoints" id={id} name={endpointName(data.endpoint)} />],
  ]
  if ('since' in data) facts.push([t.events.failingSince, <When key="since" at={data.since} />])
  if ('event' in data)
    facts.push(
      [
        t.events.one,
        <a key="event" href={linkTo(['events', data.event.id])}>
          {typeName(data.event.type)}
        </a>,
      ],
      [
        t.events.delivery,
        <a key="delivery" href={linkTo(['deliveries', id, String(data.event.sequence)])}>
          {t.events.attempts(data.attempts)}
        </a>,
      ],
    )
  return facts
}

function commentFacts({ comment, video }: Extract<Event['data'], { comment: unknown }>): Fact[] {
  return [
    ...(comment.account ? [actorFact(t.events.writtenBy, comment.account)] : []),
    [
      t.events.video,
      <OutsideLink key="video" href={video.url}>
        {video.name}
      </OutsideLink>,
    ],
    ...(video.channel ? [actorFact(t.events.channel, video.channel)] : []),
    [t.events.written, <When key="written" at={comment.createdAt} />],
    ...(comment.heldForReview ? [[t.common.state, t.events.held] satisfies Fact] : []),
  ]
}

function videoFacts(video: Schemas['Video']): Fact[] {
  const labels: [string, { label: string } | null][] = [
    [t.events.fields.category, video.category],
    [t.events.fields.language, video.language],
    [t.events.fields.licence, video.licence],
  ]
  return [
    [
      t.events.video,
      <OutsideLink key="video" href={video.url}>
        {video.name}
      </OutsideLink>,
    ],
    actorFact(t.events.channel, video.channel),
    actorFact(t.events.account, video.account),
    [t.events.published, <When key="published" at={video.publishedAt} />],
    ...(video.isLive ? [] : [[t.events.duration, duration(video.duration * 1_000)] satisfies Fact]),
    ...labels.flatMap(([title, value]): Fact[] => (value ? [[title, value.label]] : [])),
    ...(video.tags?.length ? [[t.filter.tags, video.tags.join(', ')] satisfies Fact] : []),
    ...(video.nsfw ? [[t.filter.nsfw, t.common.yes] satisfies Fact] : []),
  ]
}

function actorFact(title: string, { displayName, handle, url }: Schemas['Actor']): Fact {
  return [
    title,
    <span key="actor">
      <OutsideLink href={url}>{displayName || handle}</OutsideLink>{' '}
      <span class="quiet wrap" dir="auto">
        {handle}
      </span>
    </span>,
  ]
}

/** A thing that has a page here. */
function Id({ page, id, name }: { page: 'connections' | 'endpoints'; id: string; name: string }) {
  return (
    <a href={linkTo([page, id])} dir="auto">
      {name}
    </a>
  )
}

/** What Tubewire says of itself comes from no instance. */
const OWN_HOST = 'tubewire'

/** An instance by its host, which is all that an event knows; a link when it is still watched. */
function InstanceLink({ host }: { host: string }) {
  const found = useLoaded(host === OWN_HOST ? null : `instance of ${host}`, () =>
    call(api.GET('/api/v1/instances', { params: { query: { search: host.slice(0, 100), count: 10 } } })),
  )
  const id = found.data?.data.find((instance) => instance.host === host)?.id
  if (id === undefined) return <span dir="auto">{host === OWN_HOST ? t.events.tubewireItself : host}</span>
  return (
    <a href={linkTo(['instances', id])} dir="auto">
      {host}
    </a>
  )
}
