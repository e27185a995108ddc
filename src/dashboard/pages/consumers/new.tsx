/** @module A new consumer. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { numberOf } from '../../number-of.ts'
import { useDraft } from '../../parts/draft.ts'
import { filterOf, NO_FILTER } from '../../parts/filter-draft.ts'
import { FilterFields } from '../../parts/filter-fields.tsx'
import { FilterPreview } from '../../parts/filter-preview.tsx'
import { Form, TextField } from '../../parts/form.tsx'
import { Page } from '../../parts/page.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { consumerPath } from './consumer.ts'
import { NOWHERE, type PlaceDraft, PlaceFields } from './places.tsx'

const NO_CONSUMER = { ...NO_FILTER, ...NOWHERE, name: '' }

export function NewConsumer() {
  const [draft, change, forget] = useDraft('consumer', NO_CONSUMER)
  const filter = filterOf(draft)
  return (
    <Page title={t.consumers.make} up={{ title: t.consumers.title, path: ['consumers'] }}>
      <div class="with-preview">
        <div class="card">
          <Form
            submit={t.consumers.make}
            more={
              <a class="button" href={linkTo(['consumers'])}>
                {t.common.cancel}
              </a>
            }
            send={() =>
              call(api.POST('/api/v1/consumers', { body: { name: draft.name, filter, from: fromOf(draft) } }))
            }
            onDone={({ name }) => {
              forget()
              go(linkTo(consumerPath(name)))
            }}
          >
            <TextField
              label={t.common.name}
              name="name"
              hint={t.consumers.nameHint}
              maxLength={64}
              value={draft.name}
              onChange={(name) => change({ name })}
            />
            <PlaceFields label={t.consumers.from} name="from" draft={draft} onChange={change} />
            <FilterFields draft={draft} onChange={change} />
          </Form>
        </div>
        <FilterPreview filter={filter} />
      </div>
    </Page>
  )
}

/** As the API is told. */
function fromOf({ place, sequence, since }: PlaceDraft): string | number {
  if (place === 'sequence') return numberOf(sequence)
  return place === 'time' ? since : place
}
