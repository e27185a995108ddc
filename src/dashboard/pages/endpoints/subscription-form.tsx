/** @module Which events an endpoint is sent, with a look at what that would have been. */
import type { ComponentChildren } from 'preact'
import { api, call, type Result } from '../../api.ts'
import { useDraft } from '../../parts/draft.ts'
import { changesOf } from '../../parts/filter-changes.ts'
import { draftOf, filterOf, NO_FILTER } from '../../parts/filter-draft.ts'
import { FilterFields } from '../../parts/filter-fields.tsx'
import { FilterPreview } from '../../parts/filter-preview.tsx'
import { Form } from '../../parts/form.tsx'
import { type Filter, ifMatch, type Subscription, type Tagged } from './reads.ts'

/** @param subscription the one that is changed; null: a new one. */
export function SubscriptionForm({
  endpointId,
  subscription,
  submit,
  onDone,
  more,
}: {
  endpointId: string
  subscription: Tagged<Subscription> | null
  submit: string
  onDone: () => void
  more?: ComponentChildren
}) {
  const [draft, change, forget] = useDraft(
    `subscription.${subscription?.value.id ?? endpointId}`,
    subscription ? draftOf(subscription.value.filter) : NO_FILTER,
  )
  const filter = filterOf(draft)
  return (
    <Form
      submit={submit}
      more={more}
      send={() => (subscription ? changeFilter(subscription, filter) : subscribe(endpointId, filter))}
      onDone={() => {
        forget()
        onDone()
      }}
    >
      <FilterFields draft={draft} onChange={change} />
      <FilterPreview filter={filter} />
    </Form>
  )
}

function subscribe(endpoint: string, filter: Filter): Promise<Result<unknown>> {
  return call(api.POST('/api/v1/subscriptions', { body: { endpoint, filter } }))
}

function changeFilter({ value, tag }: Tagged<Subscription>, filter: Filter): Promise<Result<unknown>> {
  return call(
    api.PATCH('/api/v1/subscriptions/{id}', {
      params: { path: { id: value.id }, header: ifMatch(tag) },
      body: { filter: changesOf(value.filter, filter) },
    }),
  )
}
