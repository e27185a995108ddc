/** @module What an endpoint is sent: its subscriptions, in words. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { focusTitle } from '../../focus-title.ts'
import { number } from '../../format.ts'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { FilterSummary } from '../../parts/filter-summary.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { readSubscriptions, type Subscription } from './reads.ts'
import { Section } from './section.tsx'

export function Subscriptions({ endpointId }: { endpointId: string }) {
  const words = t.endpoints.subscriptions
  const subscriptions = useLoaded(`subscriptions ${endpointId}`, () => readSubscriptions(endpointId))
  return (
    <Section title={words.title}>
      <LoadedPart of={subscriptions}>
        {({ data, total }) => (
          <>
            {data.length === 0 ? (
              <p class="note warn">{words.none}</p>
            ) : (
              <ul class="subscriptions">
                {data.map((subscription) => (
                  <li key={subscription.id}>
                    <One subscription={subscription} onRemoved={subscriptions.reload} />
                  </li>
                ))}
              </ul>
            )}
            {total > data.length && <p>{t.common.ofTotal(number(data.length), number(total))}</p>}
            <a class="button" href={linkTo(['endpoints', endpointId, 'subscriptions', 'new'])}>
              {words.add}
            </a>
          </>
        )}
      </LoadedPart>
    </Section>
  )
}

function One({ subscription, onRemoved }: { subscription: Subscription; onRemoved: () => void }) {
  const { id, endpoint, filter } = subscription
  const words = t.endpoints.subscriptions
  return (
    <>
      <p>
        <FilterSummary filter={filter} />
      </p>
      <div class="actions">
        <a class="button" href={linkTo(['endpoints', endpoint, 'subscriptions', id])}>
          {words.edit}
        </a>
        <ConfirmButton
          label={t.common.remove}
          title={words.removeTitle}
          question={
            <>
              <p>
                <FilterSummary filter={filter} />
              </p>
              <p>{words.removeQuestion}</p>
            </>
          }
          act={() => call(api.DELETE('/api/v1/subscriptions/{id}', { params: { path: { id } } }))}
          onDone={() => {
            onRemoved()
            focusTitle()
          }}
        />
      </div>
    </>
  )
}
