/** @module One delivery: the event, how it went, why it failed, what comes next; and sending it again. */

import { linkTo } from '../../address.ts'
import { api, call, type Schemas } from '../../api.ts'
import { endpointName } from '../../endpoint-name.ts'
import { typeName } from '../../event-types.ts'
import { useReloadOnEvents } from '../../live.ts'
import { DeliveryBadge } from '../../parts/delivery-badge.tsx'
import { EndpointBadge } from '../../parts/endpoint-badge.tsx'
import { EventLine } from '../../parts/event-line.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { useNow } from '../../parts/time.tsx'
import { useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useEvery } from '../../use-every.ts'
import { useLoaded } from '../../use-loaded.ts'
import { Resend, useResend } from './resend.tsx'
import { isSoon } from './soon.ts'
import { TimeLine } from './time-line.tsx'
import { WhyFailed } from './why.tsx'

type Attempt = NonNullable<Schemas['Delivery']['lastAttempt']> & { number: number }
export type DeliveryWithAttempts = Schemas['Delivery'] & { allAttempts: Attempt[] }

/** How often it looks again while it is about to be sent. */
const LOOK_MS = 4_000

export function OneDelivery({ endpointId, sequence }: { endpointId: string; sequence: string }) {
  const { user } = useSession()
  const path = { id: endpointId, sequence }
  const loaded = useLoaded<DeliveryWithAttempts>(`delivery ${endpointId} ${sequence}`, () =>
    call(api.GET('/api/v1/endpoints/{id}/deliveries/{sequence}', { params: { path } })),
  )
  const endpoint = useLoaded(`delivery-endpoint ${endpointId}`, () =>
    call(api.GET('/api/v1/endpoints/{id}', { params: { path: { id: endpointId } } })),
  )
  const resend = useResend(loaded)
  const now = useNow()
  const look = () => {
    loaded.reload()
    // Whether it is well may have changed with what it was sent.
    endpoint.reload()
  }
  useEvery(!resend.isWatched && loaded.data && isSoon(loaded.data, now) ? LOOK_MS : null, look)
  useReloadOnEvents(look, ({ type }) => type.startsWith('endpoint.') || type === 'delivery.failed')
  return (
    <Page
      title={t.deliveries.one(sequence)}
      up={{ title: t.deliveries.title, path: ['deliveries', endpointId] }}
      actions={endpoint.data?.owner === user.id && <Resend resend={resend} delivery={loaded.data} />}
    >
      <LoadedPart of={loaded}>
        {(delivery) => (
          <>
            <div role="status">{resend.words && <p class="note good">{resend.words}</p>}</div>
            <Facts delivery={delivery} endpoint={endpoint.data} />
            <WhyFailed delivery={delivery} />
            <section class="card">
              <h2>{t.deliveries.timeLine}</h2>
              <TimeLine delivery={delivery} endpoint={endpoint.data} />
            </section>
          </>
        )}
      </LoadedPart>
    </Page>
  )
}

function Facts({
  delivery,
  endpoint,
}: {
  delivery: DeliveryWithAttempts
  endpoint: Schemas['Endpoint'] | null
}) {
  const { event, type } = delivery
  // Of somebody else's endpoint, the event may be his only: then its type is all that there is to see.
  const known = useLoaded(`delivery-event ${event}`, () =>
    call(api.GET('/api/v1/events/{id}', { params: { path: { id: event } } })),
  )
  return (
    <dl class="facts card">
      <dt>{t.common.state}</dt>
      <dd>
        <DeliveryBadge delivery={delivery} />
      </dd>
      <dt>{t.deliveries.event}</dt>
      <dd>
        {known.data ? (
          <EventLine event={known.data} />
        ) : (
          <a href={linkTo(['events', event])}>{typeName(type)}</a>
        )}
      </dd>
      <dt>{t.deliveries.endpoint}</dt>
      <dd>
        {endpoint && (
          <>
            <a href={linkTo(['endpoints', endpoint.id])} dir="auto" class="clamp">
              {endpointName(endpoint)}
            </a>{' '}
            <EndpointBadge of={endpoint} />
          </>
        )}
      </dd>
    </dl>
  )
}
