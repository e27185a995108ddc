/** @module What a feed is made of: its title, who may read it, what it has. */

import type { ComponentChildren } from 'preact'
import type { Result, Schemas } from '../../api.ts'
import { type FilterDraft, filterOf, NO_FILTER } from '../../parts/filter-draft.ts'
import { FilterFields } from '../../parts/filter-fields.tsx'
import { FilterPreview } from '../../parts/filter-preview.tsx'
import { Form, SelectField, TextField } from '../../parts/form.tsx'
import { t } from '../../texts/index.ts'

type Feed = Schemas['Feed']

/** A feed as it is typed. */
export type FeedDraft = FilterDraft & {
  name: string
  slug: string
  visibility: string
  mode: string
}

export const NO_FEED: FeedDraft = { ...NO_FILTER, name: '', slug: '', visibility: 'public', mode: 'subjects' }

/** As a body has it. */
export function feedOf(draft: FeedDraft) {
  const { name, slug, visibility, mode } = draft
  return {
    name,
    visibility: visibility === 'private' ? ('private' as const) : ('public' as const),
    mode: mode === 'events' ? ('events' as const) : ('subjects' as const),
    ...(visibility === 'public' && slug.trim() !== '' ? { slug: slug.trim() } : {}),
    filter: filterOf(draft),
  }
}

/** @param note what changes besides, said before it is sent. */
export function FeedForm({
  draft,
  onChange,
  submit,
  more,
  note,
  send,
  onDone,
}: {
  draft: FeedDraft
  onChange: (part: Partial<FeedDraft>) => void
  submit: string
  more?: ComponentChildren
  note?: string | null
  send: () => Promise<Result<Feed>>
  onDone: (feed: Feed) => void
}) {
  const { visibility, mode } = draft
  return (
    <div class="with-preview">
      <div class="card">
        <Form submit={submit} more={more} send={send} onDone={onDone}>
          <TextField
            label={t.feeds.name}
            name="name"
            maxLength={100}
            value={draft.name}
            onChange={(name) => onChange({ name })}
          />
          <div class="columns">
            <SelectField
              label={t.feeds.visibility}
              name="visibility"
              hint={
                visibility === 'private' ? t.feeds.visibilityHints.private : t.feeds.visibilityHints.public
              }
              value={visibility}
              onChange={(chosen) => onChange({ visibility: chosen })}
              options={t.feeds.visibilities}
            />
            {visibility === 'public' && (
              <TextField
                label={t.feeds.slug}
                name="slug"
                isOptional
                hint={t.feeds.slugHint}
                maxLength={64}
                value={draft.slug}
                onChange={(slug) => onChange({ slug })}
              />
            )}
            <SelectField
              label={t.feeds.entries}
              name="mode"
              hint={mode === 'events' ? t.feeds.modeHints.events : t.feeds.modeHints.subjects}
              value={mode}
              onChange={(chosen) => onChange({ mode: chosen })}
              options={t.feeds.modes}
            />
          </div>
          <FilterFields draft={draft} onChange={onChange} />
          {note && (
            <p class="note warn" role="status">
              {note}
            </p>
          )}
        </Form>
      </div>
      <FilterPreview filter={filterOf(draft)} />
    </div>
  )
}
