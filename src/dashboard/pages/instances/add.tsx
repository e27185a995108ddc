/** @module Watching an instance: whatever somebody pastes is asked what it is first, and watched when he says so. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Failure } from '../../api.ts'
import { useDraft } from '../../parts/draft.ts'
import { Form, TextField } from '../../parts/form.tsx'
import { Progress } from '../../parts/gauge.tsx'
import { Page } from '../../parts/page.tsx'
import { replace } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { Advice } from './advice.tsx'
import { type Findings, FoundInstance } from './found.tsx'

/** After so long it is said that it takes a while. */
const SLOW_MS = 4_000

/** @param pasted what the address of the page has in its `url` already. */
export function AddInstance({ pasted }: { pasted: string }) {
  const [draft, change, forget] = useDraft('instances.new', { url: '', backfill: '0' })
  const [asked, setAsked] = useState<string | null>(null)
  const [found, setFound] = useState<Findings | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  useEffect(() => {
    if (pasted) change({ url: pasted })
  }, [pasted, change])
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (found) box.current?.querySelector('h2')?.focus()
  }, [found])

  const look = async () => {
    setAsked(draft.url.trim())
    setFound(null)
    const result = await call(api.POST('/api/v1/instances', { body: { url: draft.url, dryRun: true } }))
    setAsked(null)
    setFailure(result.ok ? null : result.failure)
    return result
  }
  return (
    <Page title={t.instances.new.title} up={{ title: t.instances.title, path: ['instances'] }}>
      <div class="card narrow">
        <Form
          submit={t.instances.new.look}
          send={look}
          // A dry run is answered with findings: see its description.
          onDone={(data) => setFound('watches' in data ? data : null)}
        >
          <TextField
            label={t.instances.new.paste}
            name="url"
            autocomplete="off"
            inputMode="url"
            placeholder="peertube.example"
            maxLength={2_000}
            hint={t.instances.new.hint}
            value={draft.url}
            onChange={(url) => {
              change({ url })
              setFound(null)
            }}
          />
        </Form>
        {asked !== null && <Asking what={asked} />}
        {asked === null && <Advice failure={failure} />}
      </div>
      <div ref={box}>
        {found && (
          <FoundInstance
            found={found}
            url={draft.url}
            backfill={draft.backfill}
            onBackfill={(backfill) => change({ backfill })}
            onOther={() => {
              forget()
              setFound(null)
            }}
            onWatched={({ id }) => {
              forget()
              // In place of this page: "back" is not to ask again.
              replace(linkTo(['instances', id], { added: 'yes' }))
            }}
          />
        )}
      </div>
    </Page>
  )
}

function Asking({ what }: { what: string }) {
  const [isSlow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div role="status" class="asking">
      <p class="wrap" dir="auto">
        {t.instances.new.asking(what.slice(0, 200))}
      </p>
      <Progress label={t.instances.new.look} share={null} />
      {isSlow && <p class="quiet">{t.instances.new.slow}</p>}
    </div>
  )
}
