/** @module One consumer: where it is, who reads, what is next, how to read with it, and moving it. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { number } from '../../format.ts'
import { useReloadOnEvents } from '../../live.ts'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { FilterSummary } from '../../parts/filter-summary.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { Moment } from '../../parts/time.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useEvery } from '../../use-every.ts'
import { useLoaded } from '../../use-loaded.ts'
import { type Consumer, readConsumer } from './consumer.ts'
import { HowToRead } from './how-to-read.tsx'
import { NextEvents } from './next-events.tsx'
import { Seek } from './seek.tsx'
import { LagBadge, Lease } from './state.tsx'

/** How often it looks while somebody reads. */
const LOOK_MS = 4_000

export function OneConsumer({ name }: { name: string }) {
  const consumer = useLoaded(`consumer ${name}`, () => readConsumer(name))
  const [said, setSaid] = useState('')
  useReloadOnEvents(consumer.reload)
  useEvery(consumer.data?.lease ? LOOK_MS : null, consumer.reload)
  return (
    <Page
      title={name}
      up={{ title: t.consumers.title, path: ['consumers'] }}
      actions={
        <>
          <a class="button" href={linkTo(['consumers', name, 'edit'])}>
            {t.consumers.changeFilter}
          </a>
          <ConfirmButton
            label={t.consumers.remove}
            title={t.consumers.removeTitle(name)}
            question={<p>{t.consumers.removeQuestion}</p>}
            act={() => call(api.DELETE('/api/v1/consumers/{name}', { params: { path: { name } } }))}
            onDone={() => go(linkTo(['consumers']))}
          />
        </>
      }
    >
      <LoadedPart of={consumer}>
        {(shown) => (
          <>
            <Facts consumer={shown} />
            <p role="status">{said}</p>
            <NextEvents consumer={shown} />
            <Seek
              consumer={shown}
              onMoved={(moved) => {
                consumer.set(moved)
                setSaid(t.consumers.moved(moved.position))
              }}
            />
            <HowToRead name={name} />
          </>
        )}
      </LoadedPart>
    </Page>
  )
}

function Facts({ consumer: { position, lag, lease, filter, createdAt } }: { consumer: Consumer }) {
  return (
    <dl class="facts card">
      <dt>{t.common.state}</dt>
      <dd>
        <LagBadge lag={lag} />
      </dd>
      <dt>{t.consumers.position}</dt>
      <dd>
        {number(position)} <span class="quiet">{t.consumers.positionHint}</span>
      </dd>
      <dt>{t.consumers.reads}</dt>
      <dd>
        <Lease lease={lease} />
      </dd>
      <dt>{t.consumers.filter}</dt>
      <dd>
        <FilterSummary filter={filter} />
      </dd>
      <dt>{t.common.created}</dt>
      <dd>
        <Moment at={createdAt} />
      </dd>
    </dl>
  )
}
