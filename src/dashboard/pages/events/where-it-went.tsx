/** @module Where an event went: its deliveries, and what became of each. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Failure, type Schemas } from '../../api.ts'
import { endpointName } from '../../endpoint-name.ts'
import { duration, number } from '../../format.ts'
import { DeliveryBadge } from '../../parts/delivery-badge.tsx'
import { FailureNote } from '../../parts/failure.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Table } from '../../parts/table.tsx'
import { ExactMoment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { type Loaded, useLoaded } from '../../use-loaded.ts'
import { NobodyToldOf } from './nobody-told.tsx'

type Delivery = Schemas['Delivery'] & { target: { id: string; url: string; description: string } }

export function WhereItWent({ id }: { id: string }) {
  const deliveries = useLoaded(`deliveries of ${id}`, () =>
    call(api.GET('/api/v1/events/{id}/deliveries', { params: { path: { id } } })),
  )
  useFollowing(deliveries)
  return (
    <section class="card">
      <h2>{t.events.whereItWent}</h2>
      <LoadedPart of={deliveries}>
        {({ data }) =>
          data.length === 0 ? <NobodyToldOf /> : <Deliveries rows={data} onResent={deliveries.reload} />
        }
      </LoadedPart>
    </section>
  )
}

/** While something is under way, it is looked after. */
const LOOK_AGAIN_MS = 2_500
const SOON_MS = 10_000

function useFollowing({ data, failure, isLoading, reload }: Loaded<{ data: Delivery[] }>): void {
  useEffect(() => {
    const isUnderWay = data?.data.some(
      ({ nextAttemptAt }) => nextAttemptAt !== null && Date.parse(nextAttemptAt) < Date.now() + SOON_MS,
    )
    if (!isUnderWay || isLoading || failure) return
    const timer = setTimeout(reload, LOOK_AGAIN_MS)
    return () => clearTimeout(timer)
  }, [data, failure, isLoading, reload])
}

function Deliveries({ rows, onResent }: { rows: readonly Delivery[]; onResent: () => void }) {
  const { send, failure, resent } = useResend(onResent)
  return (
    <>
      <Table
        caption={t.events.whereItWent}
        columns={[
          { title: t.events.endpoint, cell: ({ target }) => <Target {...target} /> },
          {
            title: t.common.state,
            cell: (delivery) => <DeliveryBadge delivery={delivery} />,
          },
          { title: t.events.tries, cell: ({ attempts }) => number(attempts), isNumber: true },
          { title: t.events.lastAnswer, cell: (delivery) => <LastAnswer {...delivery} /> },
          { title: t.events.when, cell: (delivery) => <When {...delivery} /> },
          {
            title: t.common.actions,
            cell: (delivery) => (
              <span class="actions">
                <a href={linkTo(['deliveries', delivery.endpoint, String(delivery.sequence)])}>
                  {t.common.details}
                  <span class="hidden">: {endpointName(delivery.target)}</span>
                </a>
                <button type="button" class="small" onClick={() => send(delivery)}>
                  {t.events.resend}
                  <span class="hidden">: {endpointName(delivery.target)}</span>
                </button>
              </span>
            ),
          },
        ]}
        rows={rows}
        keyOf={({ endpoint }) => endpoint}
      />
      {failure && <FailureNote failure={failure} />}
      <p role="status" class="quiet">
        {resent && t.events.resent(resent)}
      </p>
    </>
  )
}

function useResend(onResent: () => void) {
  const [failure, setFailure] = useState<Failure | null>(null)
  const [resent, setResent] = useState<string | null>(null)
  const isBusy = useRef(false)
  const send = async ({ endpoint, sequence, target }: Delivery) => {
    if (isBusy.current) return
    isBusy.current = true
    const result = await call(
      api.POST('/api/v1/endpoints/{id}/deliveries/{sequence}/resend', {
        params: { path: { id: endpoint, sequence: String(sequence) } },
      }),
    )
    isBusy.current = false
    setFailure(result.ok ? null : result.failure)
    setResent(result.ok ? endpointName(target) : null)
    onResent()
  }
  return { send, failure, resent }
}

function Target({ id, url, description }: Delivery['target']) {
  return (
    <>
      <a href={linkTo(['endpoints', id])} dir="auto" class="wrap">
        {endpointName({ url, description })}
      </a>
      {description !== '' && (
        <div class="quiet clamp" dir="ltr">
          {url}
        </div>
      )}
    </>
  )
}

function LastAnswer({ lastAttempt, error }: Delivery) {
  if (!lastAttempt) return <span class="quiet">{t.common.none}</span>
  const { status, durationMs } = lastAttempt
  return (
    <>
      {status === null ? t.events.noAnswer : `HTTP ${status}`}
      {durationMs !== null && <span class="quiet"> · {duration(durationMs)}</span>}
      {error !== null && (
        <div lang="en" dir="auto" class="quiet clamp">
          {error}
        </div>
      )}
    </>
  )
}

function When({ finishedAt, nextAttemptAt, state }: Delivery) {
  if (finishedAt !== null) return <ExactMoment at={finishedAt} />
  if (nextAttemptAt === null)
    return <span class="quiet">{state === 'pending' ? t.events.waits : t.common.unknown}</span>
  return (
    <>
      {t.events.nextTry} <ExactMoment at={nextAttemptAt} />
    </>
  )
}
