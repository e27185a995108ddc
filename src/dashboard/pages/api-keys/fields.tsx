/** @module What is said of a key when it is made or changed. */

import type { paths } from '../../../../clients/typescript/tubewire.d.ts'
import { api, call, type Scope } from '../../api.ts'
import { exactTime, number } from '../../format.ts'
import { numberOf } from '../../number-of.ts'
import { CheckField, SelectField, TextField } from '../../parts/form.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'

type Body = paths['/api/v1/api-keys']['post']['requestBody']['content']['application/json']

/** A key as it is typed. */
export type KeyDraft = {
  name: string
  scopes: string[]
  /** `never`, days from now, `at`: at the time that is typed, or `keep`: as it is. */
  ends: string
  endsAt: string
  rateLimit: string
}

export const NO_KEY: KeyDraft = { name: '', scopes: [], ends: '90', endsAt: '', rateLimit: '' }

const DAY_MS = 86_400_000

/** As the API takes it. What is no number is sent as it is, so that the API says so. */
export function bodyOf(
  draft: KeyDraft,
  now: number,
): Omit<Body, 'expiresAt'> & { expiresAt?: string | null } {
  const { name, scopes, rateLimit } = draft
  const end = endOf(draft, now)
  return {
    name: name.trim(),
    // The fields name no others.
    scopes: scopes as Scope[],
    rateLimit: rateLimit === '' ? null : numberOf(rateLimit),
    ...(end === undefined ? {} : { expiresAt: end }),
  }
}

function endOf({ ends, endsAt }: KeyDraft, now: number): string | null | undefined {
  if (ends === 'keep') return undefined
  if (ends === 'never') return null
  if (ends !== 'at') return new Date(now + Number(ends) * DAY_MS).toISOString()
  const typed = new Date(endsAt)
  return Number.isNaN(typed.getTime()) ? endsAt : typed.toISOString()
}

/** @param before when the key ends as it is; undefined: it is a new one. */
export function KeyFields({
  draft,
  change,
  before,
}: {
  draft: KeyDraft
  change: (part: Partial<KeyDraft>) => void
  before?: string | null
}) {
  const config = useLoaded('config', () => call(api.GET('/api/v1/config')))
  const all = config.data?.limits.api
  const { never, inDays, at, keep } = t.apiKeys.ends
  const kept = before === undefined ? {} : { keep: keep(before === null ? never : exactTime(before)) }
  return (
    <>
      <TextField
        label={t.common.name}
        name="name"
        hint={t.apiKeys.nameHint}
        maxLength={100}
        value={draft.name}
        onChange={(name) => change({ name })}
      />
      <ScopeFields chosen={draft.scopes} onChange={(scopes) => change({ scopes })} />
      <div class="columns">
        <SelectField
          label={t.apiKeys.expires}
          name={draft.ends === 'at' ? 'ends' : 'expiresAt'}
          value={draft.ends}
          onChange={(ends) => change({ ends })}
          options={{ ...kept, 30: inDays(30), 90: inDays(90), 365: inDays(365), never, at }}
        />
        {draft.ends === 'at' && (
          <TextField
            label={t.apiKeys.endsAt}
            name="expiresAt"
            type="datetime-local"
            value={draft.endsAt}
            onChange={(endsAt) => change({ endsAt })}
          />
        )}
        <TextField
          label={t.apiKeys.limit}
          name="rateLimit"
          type="number"
          min={1}
          isOptional
          hint={all && t.apiKeys.limitHint(number(all.requests), number(all.seconds))}
          value={draft.rateLimit}
          onChange={(rateLimit) => change({ rateLimit })}
        />
      </div>
    </>
  )
}

function ScopeFields({
  chosen,
  onChange,
}: {
  chosen: readonly string[]
  onChange: (scopes: string[]) => void
}) {
  // The compiler sees to it that each has its words.
  const words: Readonly<Record<Scope, string>> = t.apiKeys.scopes
  return (
    <fieldset>
      <legend>{t.apiKeys.scopesTitle}</legend>
      <p class="hint">{t.apiKeys.scopesHint}</p>
      <div class="scope-list">
        {Object.entries(words).map(([scope, label]) => (
          <CheckField
            key={scope}
            label={label}
            // What the API says of them as a whole, it says at the first.
            name={scope === 'events:read' ? 'scopes' : scope}
            hint={<code>{scope}</code>}
            value={chosen.includes(scope)}
            onChange={(isChosen) =>
              onChange(isChosen ? [...chosen, scope] : chosen.filter((other) => other !== scope))
            }
          />
        ))}
      </div>
    </fieldset>
  )
}
