/** @module Changing what a consumer asks for. Its cursor stays. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { useDraft } from '../../parts/draft.ts'
import { changesOf } from '../../parts/filter-changes.ts'
import { draftOf, filterOf } from '../../parts/filter-draft.ts'
import { FilterFields } from '../../parts/filter-fields.tsx'
import { FilterPreview } from '../../parts/filter-preview.tsx'
import { Form } from '../../parts/form.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useFresh } from '../../use-fresh.ts'
import { keep } from '../../use-loaded.ts'
import { type Consumer, consumerPath, readConsumer } from './consumer.ts'

export function EditConsumer({ name }: { name: string }) {
  const consumer = useFresh(`consumer to change ${name}`, () => readConsumer(name))
  return (
    <Page title={t.consumers.changeFilter} up={{ title: name, path: consumerPath(name) }}>
      <p>{t.consumers.changeHint}</p>
      <LoadedPart of={consumer}>{(shown) => <Editor key={shown.name} consumer={shown} />}</LoadedPart>
    </Page>
  )
}

function Editor({ consumer }: { consumer: Consumer }) {
  const { name, updatedAt } = consumer
  const [draft, change, forget] = useDraft(`consumer ${name} ${updatedAt}`, draftOf(consumer.filter))
  const back = linkTo(consumerPath(name))
  const filter = filterOf(draft)
  return (
    <div class="with-preview">
      <div class="card">
        <Form
          submit={t.common.save}
          more={
            <a class="button" href={back} onClick={forget}>
              {t.common.cancel}
            </a>
          }
          send={() => {
            const body = { filter: changesOf(consumer.filter, filter) }
            return call(api.PATCH('/api/v1/consumers/{name}', { params: { path: { name } }, body }))
          }}
          onDone={(changed) => {
            forget()
            keep(`consumer ${name}`, changed)
            go(back)
          }}
        >
          <FilterFields draft={draft} onChange={change} />
        </Form>
      </div>
      <FilterPreview filter={filter} />
    </div>
  )
}
