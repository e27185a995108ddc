/** @module One instance: how it is, how it is read, what is asked of it, and what can be done with it. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { useReloadOnEvents } from '../../live.ts'
import { FirstRead } from '../../parts/first-read.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { useEvery } from '../../use-every.ts'
import { type Loaded, useLoaded } from '../../use-loaded.ts'
import { InstanceActions } from './actions.tsx'
import { Health } from './health.tsx'
import type { Instance } from './instance-badge.tsx'
import { InstanceLimits } from './limits.tsx'
import { Sources } from './sources.tsx'

/** Nothing tells of each read. */
const REFRESH_MS = 10_000

/** @param isAdded whether it was added just now: then it is said how its first read goes. */
export function OneInstance({ id, isAdded }: { id: string; isAdded: boolean }) {
  const loaded = useLoaded(`instance ${id}`, () =>
    call(api.GET('/api/v1/instances/{id}', { params: { path: { id } } })),
  )
  const host = loaded.data?.host
  useEvery(REFRESH_MS, loaded.reload)
  useReloadOnEvents(loaded.reload, (event) => event.instance === host)
  return (
    <Page
      title={host ?? t.instances.title}
      up={{ title: t.instances.title, path: ['instances'] }}
      actions={
        host !== undefined && (
          <a class="button" href={linkTo(['events'], { instance: host })}>
            {t.instances.one.events}
          </a>
        )
      }
    >
      <LoadedPart of={loaded}>
        {(instance) => <Parts instance={instance} loaded={loaded} isAdded={isAdded} />}
      </LoadedPart>
    </Page>
  )
}

function Parts({
  instance,
  loaded,
  isAdded,
}: {
  instance: Instance
  loaded: Loaded<Instance>
  isAdded: boolean
}) {
  const can = useCan()
  const { id, host, sources } = instance
  return (
    <>
      {isAdded && sources && (
        <FirstRead sources={sources} reload={loaded.reload}>
          <a class="button primary" href={linkTo(['events'], { instance: host })}>
            {t.instances.first.seeEvents}
          </a>
          <a class="button" href={linkTo(['endpoints', 'new'])}>
            {t.instances.first.makeEndpoint}
          </a>
        </FirstRead>
      )}
      {can('pauseInstance') && <InstanceActions instance={instance} loaded={loaded} />}
      <Health instance={instance} />
      {sources ? (
        <Sources instance={instance} sources={sources} reload={loaded.reload} />
      ) : (
        <p class="quiet">{t.instances.one.userNote}</p>
      )}
      {can('seeInstanceLimits') && <InstanceLimits id={id} />}
    </>
  )
}
