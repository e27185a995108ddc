/** @module A key that is changed. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Schemas } from '../../api.ts'
import { Form } from '../../parts/form.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useFresh } from '../../use-fresh.ts'
import { bodyOf, type KeyDraft, KeyFields } from './fields.tsx'

export function ChangeKey({ id }: { id: string }) {
  const key = useFresh(`key to change ${id}`, () =>
    call(api.GET('/api/v1/api-keys/{id}', { params: { path: { id } } })),
  )
  return (
    <Page title={t.apiKeys.change} up={{ title: t.apiKeys.title, path: ['api-keys'] }}>
      <LoadedPart of={key}>
        {(data) => <ChangeForm key={data.id} shown={data} onDone={() => go(linkTo(['api-keys']))} />}
      </LoadedPart>
    </Page>
  )
}

function ChangeForm({ shown, onDone }: { shown: Schemas['ApiKey']; onDone: () => void }) {
  const [draft, setDraft] = useState<KeyDraft>({
    name: shown.name,
    scopes: [...shown.scopes],
    ends: 'keep',
    endsAt: '',
    rateLimit: String(shown.rateLimit ?? ''),
  })
  return (
    <div class="card">
      <p>
        <code>{shown.hint}…</code> <span class="quiet">{t.apiKeys.keyStays}</span>
      </p>
      <Form
        submit={t.common.save}
        send={() =>
          call(
            api.PATCH('/api/v1/api-keys/{id}', {
              params: { path: { id: shown.id } },
              body: bodyOf(draft, Date.now()),
            }),
          )
        }
        onDone={onDone}
      >
        <KeyFields
          draft={draft}
          change={(part) => setDraft((before) => ({ ...before, ...part }))}
          before={shown.expiresAt}
        />
      </Form>
    </div>
  )
}
