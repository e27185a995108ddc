/** @module What an instance says of itself before it is watched, and the button that watches it. */

import { useState } from 'preact/hooks'
import { api, call, type Failure } from '../../api.ts'
import { numberOf } from '../../number-of.ts'
import { Form, TextField } from '../../parts/form.tsx'
import { OutsideLink } from '../../parts/outside-link.tsx'
import { t } from '../../texts/index.ts'
import { Advice } from './advice.tsx'
import type { Instance } from './instance-badge.tsx'

/** As a dry run answers. */
export type Findings = Pick<Instance, 'url' | 'host' | 'name' | 'version' | 'movedFrom'> & {
  watches: { kind: 'instance' | 'channel' | 'account'; name: string | null; displayName: string | null }
}

/** From this version on lists of videos count comments. */
const FIRST_WITH_COUNTS = 7

/** @param url what was asked about: it is what is watched. */
export function FoundInstance({
  found,
  url,
  backfill,
  onBackfill,
  onOther,
  onWatched,
}: {
  found: Findings
  url: string
  backfill: string
  onBackfill: (backfill: string) => void
  onOther: () => void
  onWatched: (instance: Instance) => void
}) {
  const words = t.instances.new
  const [failure, setFailure] = useState<Failure | null>(null)
  const watch = async () => {
    const body = { url, backfill: backfill.trim() === '' ? 0 : numberOf(backfill) }
    const result = await call(api.POST('/api/v1/instances', { body }))
    setFailure(result.ok ? null : result.failure)
    return result
  }
  const warnings = warningsOf(found)
  return (
    <section class="card narrow">
      <h2 tabIndex={-1}>{words.found}</h2>
      <dl class="facts">
        <dt>{words.name}</dt>
        <dd class="clamp" dir="auto">
          {found.name}
        </dd>
        <dt>{words.address}</dt>
        <dd>
          <OutsideLink href={found.url}>{found.host}</OutsideLink>
        </dd>
        <dt>{words.version}</dt>
        <dd>{t.instances.version(found.version)}</dd>
        <dt>{words.watches}</dt>
        <dd class="clamp" dir="auto">
          {watchesWords(found.watches)}
        </dd>
      </dl>
      {warnings.length > 0 && (
        <div class="note warn">
          {warnings.map((warning) => (
            <p key={warning} class="wrap">
              {warning}
            </p>
          ))}
        </div>
      )}
      <Form
        submit={words.watch}
        send={watch}
        // Without a dry run the answer is the instance: see its description.
        onDone={(data) => {
          if ('id' in data) onWatched(data)
        }}
        more={
          <button type="button" onClick={onOther}>
            {words.other}
          </button>
        }
      >
        <TextField
          label={words.backfill}
          name="backfill"
          type="number"
          isOptional
          hint={words.backfillHint}
          value={backfill}
          onChange={onBackfill}
        />
      </Form>
      <Advice failure={failure} />
    </section>
  )
}

function watchesWords({ kind, name, displayName }: Findings['watches']): string {
  if (kind === 'instance') return t.instances.new.whole
  const shown = displayName && displayName !== name ? `${displayName} (${name})` : (name ?? '')
  return t.instances.new[kind](shown)
}

function warningsOf({ url, version, movedFrom }: Findings): string[] {
  const words = t.instances.new
  return [
    movedFrom === null ? '' : words.moved(movedFrom, url),
    url.startsWith('http:') ? words.plain : '',
    Number.parseInt(version, 10) < FIRST_WITH_COUNTS ? words.lateComments : '',
  ].filter(Boolean)
}
