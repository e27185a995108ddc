/** @module Watching an instance: whatever somebody pastes is asked what it is first, and watched when he says so. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Failure, type Result } from '../../api.ts'
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

/** What was found, and at which address. */
type Found = { url: string; findings: Findings }

/** @param pasted what the address of the page has in its `url` already. */
export function AddInstance({ pasted }: { pasted: string }) {
  const [draft, change, forget] = useDraft('instances.new', { url: '', backfill: '0' })
  const [asked, setAsked] = useState<string | null>(null)
  const [found, setFound] = useState<Found | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  // Of the last question: an answer about another address than the one that is typed comes too late.
  const turn = useRef(0)
  const type = useCallback(
    (url: string) => {
      turn.current += 1
      change({ url })
      setAsked(null)
      setFound(null)
    },
    [change],
  )
  useEffect(() => {
    if (pasted) type(pasted)
  }, [pasted, type])
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (found) box.current?.querySelector('h2')?.focus()
  }, [found])

  const look = async (): Promise<Result<Found | null>> => {
    turn.current += 1
    const mine = turn.current
    const url = draft.url.trim()
    setAsked(url)
    setFound(null)
    const result = await call(api.POST('/api/v1/instances', { body: { url, dryRun: true } }))
    if (turn.current !== mine) return { ok: true, data: null }
    setAsked(null)
    setFailure(result.ok ? null : result.failure)
    if (!result.ok) return result
    // A dry run is answered with findings: see its description.
    return { ok: true, data: 'watches' in result.data ? { url, findings: result.data } : null }
  }
  return (
    <Page title={t.instances.new.title} up={{ title: t.instances.title, path: ['instances'] }}>
      <div class="card narrow">
        <Form submit={t.instances.new.look} send={look} onDone={setFound}>
          <TextField
            label={t.instances.new.paste}
            name="url"
            autocomplete="off"
            inputMode="url"
            placeholder="peertube.example"
            maxLength={2_000}
            hint={t.instances.new.hint}
            value={draft.url}
            onChange={type}
          />
        </Form>
        {asked !== null && <Asking what={asked} />}
        {asked === null && <Advice failure={failure} />}
      </div>
      <div ref={box}>
        {found && (
          <FoundInstance
            found={found.findings}
            url={found.url}
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
