/** @module Changing how an endpoint is sent to. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Result } from '../../api.ts'
import { useDraft } from '../../parts/draft.ts'
import { CheckField, Form } from '../../parts/form.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useFresh } from '../../use-fresh.ts'
import { type Endpoint, ifMatch, readEndpointToChange, type Tagged } from './reads.ts'
import { bodyOf, changesOf, draftOf, pairsOf, SECRETS, type SettingsDraft } from './settings-draft.ts'
import { MainFields, RareFields } from './settings-fields.tsx'
import { upTo } from './up-to.ts'

/** `#/endpoints/ID/edit` */
export function EditPage({ id }: { id: string }) {
  const loaded = useFresh(`endpoint to change ${id}`, () => readEndpointToChange(id))
  return (
    <Page title={t.endpoints.edit.title} up={upTo(id, loaded.data?.value)}>
      <LoadedPart of={loaded}>
        {(read) => (
          <section class="card">
            <EditForm read={read} reload={loaded.reload} />
          </section>
        )}
      </LoadedPart>
    </Page>
  )
}

function EditForm({ read, reload }: { read: Tagged<Endpoint>; reload: () => void }) {
  const { id } = read.value
  // Only what was changed: when somebody else has changed the rest, that is seen, and what was typed stays.
  const [typed, change, forget] = useDraft<Partial<SettingsDraft>>(`endpoint.${id}`, {}, SECRETS)
  const [headers, setHeaders] = useState('')
  const [isCleared, setCleared] = useState(false)
  const [isStale, setStale] = useState(false)
  const draft = { ...draftOf(read.value), ...typed }
  const changedHeaders = isCleared ? { headers: null } : headers.trim() ? { headers: pairsOf(headers) } : {}
  return (
    <Form
      submit={t.common.save}
      send={async () => {
        const result = await save(read, { ...changesOf(read.value, draft), ...changedHeaders })
        setStale(!result.ok && result.failure.status === 412)
        return result
      }}
      onDone={() => {
        forget()
        go(linkTo(['endpoints', id]))
      }}
      more={
        <>
          {isStale && (
            <button
              type="button"
              onClick={() => {
                setStale(false)
                reload()
              }}
            >
              {t.endpoints.edit.loadAgain}
            </button>
          )}
          <a href={linkTo(['endpoints', id])} onClick={forget}>
            {t.common.cancel}
          </a>
        </>
      }
    >
      <p>{t.endpoints.edit.hint}</p>
      <MainFields draft={draft} onChange={change} />
      <RareFields
        draft={draft}
        onChange={change}
        headers={headers}
        onHeaders={setHeaders}
        hasHeaders={read.value.headers !== null}
      />
      {read.value.headers !== null && (
        <CheckField
          label={t.endpoints.edit.clearHeaders}
          name="headers"
          value={isCleared}
          onChange={setCleared}
        />
      )}
    </Form>
  )
}

type Changes = ReturnType<typeof changesOf> & { headers?: Record<string, string> | null }

/**
 * Saves what was changed, unless somebody else has changed the settings since they were read. That its health has changed, which
 * has the same tag, is no reason to refuse.
 */
async function save(read: Tagged<Endpoint>, changes: Changes, isAgain = false): Promise<Result<unknown>> {
  const { id } = read.value
  const result = await call(
    api.PATCH('/api/v1/endpoints/{id}', {
      params: { path: { id }, header: ifMatch(read.tag) },
      body: changes,
    }),
  )
  if (result.ok || result.failure.status !== 412 || isAgain) return result
  const now = await readEndpointToChange(id)
  return now.ok && settingsOf(now.data.value) === settingsOf(read.value)
    ? save(now.data, changes, true)
    : result
}

const settingsOf = (endpoint: Endpoint) => JSON.stringify([bodyOf(draftOf(endpoint)), endpoint.headers])
