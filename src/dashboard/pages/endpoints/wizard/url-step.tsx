/** @module The first step: where it leads. It makes the endpoint. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../../address.ts'
import { api, call } from '../../../api.ts'
import { useDraft } from '../../../parts/draft.ts'
import { Form } from '../../../parts/form.tsx'
import { t } from '../../../texts/index.ts'
import type { Endpoint } from '../reads.ts'
import { bodyOf, NEW_SETTINGS, pairsOf, SECRETS } from '../settings-draft.ts'
import { MainFields, RareFields } from '../settings-fields.tsx'

type Made = Endpoint & { secret: string }

export function UrlStep({ onMade }: { onMade: (made: Made) => void }) {
  const [draft, change, forget] = useDraft('new-endpoint', NEW_SETTINGS, SECRETS)
  const [headers, setHeaders] = useState('')
  return (
    <Form
      submit={t.endpoints.wizard.make}
      send={() => {
        const secret = headers.trim() ? { headers: pairsOf(headers) } : {}
        // It is sent nothing until it was said what.
        const body = { ...bodyOf(draft), ...secret, subscribe: false }
        return call(api.POST('/api/v1/endpoints', { body }))
      }}
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
