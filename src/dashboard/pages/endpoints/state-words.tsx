/** @module The state of an endpoint in sentences: what it means, since when, what comes next, and what can be done. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import type { Endpoint, Statistics } from './reads.ts'
import { Section } from './section.tsx'
import { Verification } from './verification.tsx'
import { Why } from './why.tsx'
import { linkToStep } from './wizard/steps.ts'

type Circuit = Statistics['circuit']

export function StateWords({
  endpoint,
  circuit,
  isOwn,
  set,
  reload,
}: {
  endpoint: Endpoint
  circuit: Circuit | null
  isOwn: boolean
  set: (endpoint: Endpoint) => void
  reload: () => void
}) {
  const words = t.endpoints.stateWords
  const { state } = endpoint
  if (state === 'pending')
    return (
      <Section title={words.pending}>
        <p>{words.pendingWaits}</p>
        {isOwn && (
          <>
            <Verification endpoint={endpoint} onChanged={set} reload={reload} />
            <p>
              <a href={linkToStep('verify', endpoint.id)}>{t.endpoints.wizard.goOn}</a>
            </p>
          </>
        )}
      </Section>
    )
  if (state === 'paused')
    return (
      <div class="note warn">
        <p>
          <strong>{words.pausedBy[endpoint.pausedBy ?? 'owner']}</strong> {words.waits}
        </p>
      </div>
    )
  if (state === 'disabled')
    return (
      <div class="note bad">
        <p>
          <strong>{words.disabled}</strong> <Moment at={endpoint.disabledAt} />
        </p>
        {endpoint.disabledReason && (
          <p lang="en" dir="auto" class="wrap">
            {endpoint.disabledReason}
          </p>
        )}
        <LastFailure endpoint={endpoint} />
        <p>{words.disabledCure}</p>
      </div>
    )
  return <CircuitWords endpoint={endpoint} circuit={circuit} />
}

/** Closed, open or half-open, as people say it. */
function CircuitWords({ endpoint, circuit }: { endpoint: Endpoint; circuit: Circuit | null }) {
  const words = t.endpoints.stateWords
  if (!circuit) return null
  if (circuit.state === 'closed')
    return (
      <>
        {circuit.failures === 0 && <p>{words.closed}</p>}
        {circuit.failures > 0 && (
          <div class="note warn">
            <p>
              {words.failing(circuit.failures)} {words.since} <Moment at={circuit.failingSince} />.
            </p>
            <LastFailure endpoint={endpoint} />
          </div>
        )}
        {endpoint.heldUntil && Date.parse(endpoint.heldUntil) > Date.now() && (
          <p class="note warn">
            {words.held} <Moment at={endpoint.heldUntil} />
          </p>
        )}
      </>
    )
  return (
    <div class="note bad">
      <p>
        <strong>{words.broken}</strong> {words.failing(circuit.failures)} {words.since}{' '}
        <Moment at={circuit.failingSince} />.
      </p>
      <LastFailure endpoint={endpoint} />
      <p>
        {circuit.state === 'open' ? words.open : words.halfOpen}{' '}
        {circuit.state === 'open' && (
          <>
            {words.nextProbe} <Moment at={circuit.nextProbeAt} />.
          </>
        )}
      </p>
      <p>{words.brokenCure}</p>
    </div>
  )
}

/** The newest delivery that was tried, and did not arrive: what the target said, and what to do about it. */
function LastFailure({ endpoint: { id, failures, updatedAt } }: { endpoint: Endpoint }) {
  const { data } = useLoaded(`last failure ${id} ${failures} ${updatedAt}`, () =>
    call(
      api.GET('/api/v1/deliveries', {
        // Those of which an attempt took any time at all: the others were not tried.
        params: { query: { endpoint: id, state: 'pending', minDuration: 0, limit: 1 } },
      }),
    ),
  )
  const [delivery] = data?.data ?? []
  if (!delivery?.lastAttempt?.error) return null
  const { status, error } = delivery.lastAttempt
  return (
    <>
      <p>
        {t.endpoints.stateWords.lastTold}{' '}
        <a href={linkTo(['deliveries', id, String(delivery.sequence)])} lang="en" dir="auto" class="wrap">
          {error}
        </a>
      </p>
      <Why status={status} error={error} />
    </>
  )
}
