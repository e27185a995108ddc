/** @module One subscription of an endpoint: a new one, or one that is changed. */
import type { ComponentChildren } from 'preact'
import { linkTo } from '../../address.ts'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useFresh } from '../../use-fresh.ts'
import { readSubscriptionToChange, type Subscription, type Tagged } from './reads.ts'
import { SubscriptionForm } from './subscription-form.tsx'

/** `#/endpoints/ID/subscriptions/new`, `…/sub_…` */
export function SubscriptionPage({
  endpointId,
  subscriptionId,
}: {
  endpointId: string
  subscriptionId: string
}) {
  return subscriptionId === 'new' ? (
    <Frame endpointId={endpointId} title={t.endpoints.subscriptions.add}>
      <FormFor endpointId={endpointId} subscription={null} />
    </Frame>
  ) : (
    <Changing endpointId={endpointId} subscriptionId={subscriptionId} />
  )
}

function Changing({ endpointId, subscriptionId }: { endpointId: string; subscriptionId: string }) {
  const loaded = useFresh(`subscription ${subscriptionId}`, () => readSubscriptionToChange(subscriptionId))
  return (
    <Frame endpointId={endpointId} title={t.endpoints.subscriptions.edit}>
      <LoadedPart of={loaded}>
        {(subscription) => <FormFor endpointId={endpointId} subscription={subscription} />}
      </LoadedPart>
    </Frame>
  )
}

function Frame({
  endpointId,
  title,
  children,
}: {
  endpointId: string
  title: string
  children: ComponentChildren
}) {
  return (
    <Page title={title} up={{ title: t.endpoints.one, path: ['endpoints', endpointId] }}>
      <section class="card">
        <p>{t.endpoints.subscriptions.hint}</p>
        {children}
      </section>
    </Page>
  )
}

function FormFor({
  endpointId,
  subscription,
}: {
  endpointId: string
  subscription: Tagged<Subscription> | null
}) {
  const back = linkTo(['endpoints', endpointId])
  return (
    <SubscriptionForm
      endpointId={endpointId}
      subscription={subscription}
      submit={t.common.save}
      onDone={() => go(back)}
      more={<a href={back}>{t.common.cancel}</a>}
    />
  )
}
