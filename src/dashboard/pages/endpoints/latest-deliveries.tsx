/** @module The newest deliveries of an endpoint. */
import { useEffect, useRef } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Schemas } from '../../api.ts'
import { typeName } from '../../event-types.ts'
import { duration } from '../../format.ts'
import { DeliveryBadge } from '../../parts/delivery-badge.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Table } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { Section } from './section.tsx'

type Delivery = Schemas['Delivery']

const SHOWN = 5

/** @param turn whatever changes when they are to be read again. */
export function LatestDeliveries({ id, turn }: { id: string; turn: unknown }) {
  const words = t.endpoints.deliveries
  const latest = useLoaded(`latest deliveries ${id}`, () =>
    call(api.GET('/api/v1/deliveries', { params: { query: { endpoint: id, limit: SHOWN } } })),
  )
  const before = useRef(turn)
  useEffect(() => {
    // The first is read anyway.
    if (before.current !== null && before.current !== turn) latest.reload()
    before.current = turn
  }, [turn])
  return (
    <Section title={words.title}>
      <LoadedPart of={latest}>
        {({ data }) =>
          data.length === 0 ? (
            <p class="quiet">{words.none}</p>
          ) : (
            <>
              <Table
                caption={words.title}
                columns={columnsFor(id)}
                rows={data}
                keyOf={({ sequence }) => sequence}
              />
              <p class="after-table">
                <a href={linkTo(['deliveries', id])}>{words.all}</a>
              </p>
            </>
          )
        }
      </LoadedPart>
    </Section>
  )
}

function columnsFor(id: string) {
  const words = t.endpoints.deliveries
  return [
    {
      title: words.event,
      cell: ({ type, sequence }: Delivery) => (
        <a href={linkTo(['deliveries', id, String(sequence)])}>{typeName(type)}</a>
      ),
    },
    {
      title: t.common.state,
      cell: (delivery: Delivery) => <DeliveryBadge delivery={delivery} />,
    },
    {
      title: words.answer,
      cell: ({ lastAttempt }: Delivery) =>
        lastAttempt ? (
          <span lang="en" dir="auto" class="clamp">
            {lastAttempt.error ?? lastAttempt.status}
          </span>
        ) : (
          <span class="quiet">–</span>
        ),
    },
    {
      title: words.took,
      isNumber: true,
      cell: ({ lastAttempt }: Delivery) =>
        lastAttempt?.durationMs == null ? <span class="quiet">–</span> : duration(lastAttempt.durationMs),
    },
    { title: words.when, cell: ({ createdAt }: Delivery) => <Moment at={createdAt} /> },
  ]
}
