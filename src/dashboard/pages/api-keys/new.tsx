/** @module A new key: what it may do, then the key itself, once. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { CodeBlock, ShownOnce } from '../../parts/copy.tsx'
import { useDraft } from '../../parts/draft.ts'
import { Form } from '../../parts/form.tsx'
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'
import { exampleWith } from './example.ts'
import { bodyOf, type KeyDraft, KeyFields, NO_KEY } from './fields.tsx'

const up = () => ({ title: t.apiKeys.title, path: ['api-keys'] })

export function NewKey() {
  const [draft, change, forget] = useDraft<KeyDraft>('api-key', NO_KEY)
  const [made, setMade] = useState<{ key: string; scopes: readonly string[] } | null>(null)
  if (made) return <Made secret={made.key} scopes={made.scopes} />
  return (
    <Page title={t.apiKeys.make} up={up()}>
      <div class="card">
        <Form
          submit={t.apiKeys.make}
          send={() => call(api.POST('/api/v1/api-keys', { body: bodyOf(draft, Date.now()) }))}
          onDone={({ key, scopes }) => {
            forget()
            setMade({ key, scopes })
          }}
        >
          <KeyFields draft={draft} change={change} />
        </Form>
      </div>
    </Page>
  )
}

function Made({ secret, scopes }: { secret: string; scopes: readonly string[] }) {
  return (
    <Page title={t.apiKeys.made} up={up()}>
      <ShownOnce label={t.apiKeys.theKey} text={secret} />
      <CodeBlock label={t.apiKeys.example} text={exampleWith(secret, scopes)} />
      <p>
        <a class="button" href={linkTo(['api-keys'])}>
          {t.apiKeys.toList}
        </a>
      </p>
    </Page>
  )
}
