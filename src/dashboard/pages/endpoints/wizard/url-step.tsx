/** @module The first step: where it leads. It makes the endpoint. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../../address.ts'
import { api, call, type Result } from '../../../api.ts'
import { useDraft } from '../../../parts/draft.ts'
import { Form } from '../../../parts/form.tsx'
import { t } from '../../../texts/index.ts'
import { type Endpoint, readSubscriptions } from '../reads.ts'
import { bodyOf, NEW_SETTINGS, pairsOf, SECRETS } from '../settings-draft.ts'
import { MainFields, RareFields } from '../settings-fields.tsx'

type Made = Endpoint & { secret: string }

export function UrlStep({ onMade }: { onMade: (made: Made) => void }) {
  const [draft, change, forget] = useDraft('new-endpoint', NEW_SETTINGS, SECRETS)
  const [headers, setHeaders] = useState('')
  return (
    <Form
      submit={t.endpoints.wizard.make}
      send={() => make({ ...bodyOf(draft), ...(headers.trim() ? { headers: pairsOf(headers) } : {}) })}
      onDone={(made) => {
        forget()
        onMade(made)
      }}
      more={<a href={linkTo(['endpoints'])}>{t.common.cancel}</a>}
    >
      <p>{t.endpoints.wizard.urlHint}</p>
      <MainFields draft={draft} onChange={change} />
      <RareFields draft={draft} onChange={change} headers={headers} onHeaders={setHeaders} />
    </Form>
  )
}

type Body = ReturnType<typeof bodyOf> & { headers?: Record<string, string> }

/** Makes it, and lets it be sent nothing until it was said what: a new one is sent everything. */
async function make(body: Body): Promise<Result<Made>> {
  const made = await call(api.POST('/api/v1/endpoints', { body }))
  if (!made.ok) return made
  // What fails here does no harm: the fourth step shows what it is sent, and changes that.
  const subscriptions = await readSubscriptions(made.data.id)
  for (const { id } of subscriptions.ok ? subscriptions.data.data : [])
    await call(api.DELETE('/api/v1/subscriptions/{id}', { params: { path: { id } } }))
  return made
}

/** The first step of what is made already. */
export function MadeStep({ endpoint, next }: { endpoint: Endpoint; next: string }) {
  return (
    <>
      <p>{t.endpoints.wizard.made}</p>
      <dl class="facts">
        <dt>{t.endpoints.fields.url}</dt>
        <dd dir="auto">{endpoint.url}</dd>
        <dt>{t.endpoints.fields.format}</dt>
        <dd>{t.endpoints.formats[endpoint.format] ?? endpoint.format}</dd>
      </dl>
      <div class="actions">
        <a class="button primary" href={next}>
          {t.common.next}
        </a>
        <a href={linkTo(['endpoints', endpoint.id, 'edit'])}>{t.endpoints.edit.title}</a>
      </div>
    </>
  )
}
