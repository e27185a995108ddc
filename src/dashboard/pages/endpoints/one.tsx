/** @module One endpoint: how it is and why, what it is sent, what came of it, and all that is done with it. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { endpointName } from '../../endpoint-name.ts'
import { useReloadOnEvents } from '../../live.ts'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { EndpointBadge } from '../../parts/endpoint-badge.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { go } from '../../routes.ts'
import { useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { Health } from './health.tsx'
import { LatestDeliveries } from './latest-deliveries.tsx'
import { PauseButton } from './pause.tsx'
import { type Endpoint, readEndpoint, readStatistics, type Statistics, statisticsKey } from './reads.ts'
import { RunningReplay } from './running-replay.tsx'
import { Section } from './section.tsx'
import { SettingsFacts } from './settings-facts.tsx'
import { StateWords } from './state-words.tsx'
import { Subscriptions } from './subscriptions.tsx'
import { TestEvent } from './test-event.tsx'
import { useReloadAfter } from './use-timers.ts'

/** What happened is delivered a little later. */
const AFTER_EVENT_MS = 3_000

export function OnePage({ id }: { id: string }) {
  const endpoint = useLoaded(`endpoint ${id}`, () => readEndpoint(id))
  const statistics = useLoaded(statisticsKey(id), () => readStatistics(id))
  const reload = () => {
    endpoint.reload()
    statistics.reload()
  }
  useReloadOnEvents(reload, undefined, AFTER_EVENT_MS)
  useReloadAfter(statistics.data?.circuit.nextProbeAt ?? null, reload)
  const { user } = useSession()
  const { data } = endpoint
  const isOwn = data?.owner === user.id
  return (
    <Page
      title={data ? endpointName(data) : t.endpoints.one}
      up={{ title: t.endpoints.title, path: ['endpoints'] }}
      actions={
        data && (
          <>
            <PauseButton endpoint={data} isOwn={isOwn} onChanged={reload} />
            {isOwn && (
              <>
                <a class="button" href={linkTo(['endpoints', id, 'edit'])}>
                  {t.common.edit}
                </a>
                <RemoveButton endpoint={data} statistics={statistics.data} />
              </>
            )}
          </>
        )
      }
    >
      <LoadedPart of={endpoint}>
        {(loaded) => (
          <>
            <p class="endpoint-head">
              <EndpointBadge of={loaded} />{' '}
              <code class="clamp" dir="auto">
                {loaded.url}
              </code>
            </p>
            <StateWords
              endpoint={loaded}
              circuit={statistics.data?.circuit ?? null}
              isOwn={isOwn}
              set={endpoint.set}
              reload={reload}
            />
            {isOwn && <RunningReplay id={id} onDone={reload} />}
            <LoadedPart of={statistics}>
              {(found) => <Health id={id} statistics={found} isOwn={isOwn} />}
            </LoadedPart>
            <LatestDeliveries id={id} turn={statistics.data} />
            {isOwn && <OwnersParts endpoint={loaded} />}
          </>
        )}
      </LoadedPart>
    </Page>
  )
}

/** What nobody but its owner does. */
function OwnersParts({ endpoint }: { endpoint: Endpoint }) {
  const { id } = endpoint
  return (
    <>
      <Subscriptions endpointId={id} />
      <div class="grid">
        {endpoint.verifiedAt !== null && (
          <Section title={t.endpoints.test.title}>
            <p>{t.endpoints.test.what}</p>
            <TestEvent endpoint={endpoint} />
          </Section>
        )}
        <Section title={t.endpoints.sendAgain.title}>
          <p>{t.endpoints.sendAgain.what}</p>
          <p>
            <a class="button" href={linkTo(['endpoints', id, 'send-again'])}>
              {t.endpoints.sendAgain.title}
            </a>
          </p>
        </Section>
        <Section title={t.endpoints.secret.title}>
          <p>{t.endpoints.secret.what}</p>
          <p>
            <a class="button" href={linkTo(['endpoints', id, 'secret'])}>
              {t.endpoints.secret.rotate}
            </a>
          </p>
        </Section>
      </div>
      <SettingsFacts endpoint={endpoint} />
    </>
  )
}

function RemoveButton({ endpoint, statistics }: { endpoint: Endpoint; statistics: Statistics | null }) {
  const words = t.endpoints.remove
  return (
    <ConfirmButton
      label={t.common.remove}
      title={words.title}
      question={
        <>
          <p dir="auto" class="wrap">
            <strong>{endpointName(endpoint)}</strong>
          </p>
          <p>{words.question}</p>
          {statistics && <p>{words.waiting(statistics.waiting.count)}</p>}
        </>
      }
      confirm={words.confirm}
      act={() => call(api.DELETE('/api/v1/endpoints/{id}', { params: { path: { id: endpoint.id } } }))}
      onDone={() => go(linkTo(['endpoints']))}
    />
  )
}
