/** @module The fourth step: which events it is sent. */
import { LoadedPart } from '../../../parts/loaded.tsx'
import { go } from '../../../routes.ts'
import { t } from '../../../texts/index.ts'
import { useFresh } from '../../../use-fresh.ts'
import { type Endpoint, readSubscriptions } from '../reads.ts'
import { SubscriptionForm } from '../subscription-form.tsx'

export function FilterStep({ endpoint, next }: { endpoint: Endpoint; next: string }) {
  const subscriptions = useFresh(`subscriptions ${endpoint.id}`, () => readSubscriptions(endpoint.id))
  return (
    <LoadedPart of={subscriptions}>
      {({ data }) => (
        <SubscriptionForm
          endpointId={endpoint.id}
          subscription={data[0] ? { value: data[0], tag: null } : null}
          submit={t.endpoints.wizard.subscribe}
          onDone={() => go(next)}
        />
      )}
    </LoadedPart>
  )
}
