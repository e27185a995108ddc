/** @module Changing a feed. */

import { linkTo } from '../../address.ts'
import { api, call, type Schemas } from '../../api.ts'
import { useDraft } from '../../parts/draft.ts'
import { changesOf } from '../../parts/filter-changes.ts'
import { draftOf } from '../../parts/filter-draft.ts'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useFresh } from '../../use-fresh.ts'
import { keep } from '../../use-loaded.ts'
import { type FeedDraft, FeedForm, feedOf } from './form.tsx'
import { readFeed } from './one.tsx'

type Feed = Schemas['Feed']

export function EditFeed({ id }: { id: string }) {
  const feed = useFresh(`feed to change ${id}`, () => readFeed(id))
  return (
    <Page title={t.feeds.edit} up={{ title: feed.data?.name ?? t.feeds.one, path: ['feeds', id] }}>
      <LoadedPart of={feed}>{(shown) => <Editor key={shown.id} feed={shown} />}</LoadedPart>
    </Page>
  )
}

function Editor({ feed }: { feed: Feed }) {
  const [draft, change, forget] = useDraft(`feed ${feed.id} ${feed.updatedAt}`, typedOf(feed))
  const back = linkTo(['feeds', feed.id])
  return (
    <FeedForm
      draft={draft}
      onChange={change}
      submit={t.common.save}
      more={
        <a class="button" href={back} onClick={forget}>
          {t.common.cancel}
        </a>
      }
      note={whatMoves(feed, draft)}
      send={() => {
        const { filter, ...rest } = feedOf(draft)
        const body = { ...rest, filter: changesOf(feed.filter, filter) }
        return call(api.PATCH('/api/v1/feeds/{id}', { params: { path: { id: feed.id } }, body }))
      }}
      onDone={(changed) => {
        forget()
        keep(`feed ${feed.id}`, changed)
        go(back)
      }}
    />
  )
}

function typedOf({ name, slug, visibility, mode, filter }: Feed): FeedDraft {
  return { ...draftOf(filter), name, slug: slug ?? '', visibility, mode }
}

/** What a change does to the address: whoever reads the feed is to know it before. */
function whatMoves({ visibility, slug }: Feed, draft: FeedDraft): string | null {
  if (draft.visibility !== visibility)
    return draft.visibility === 'private' ? t.feeds.becomesPrivate : t.feeds.becomesPublic
  const typed = draft.slug.trim()
  return visibility === 'public' && typed !== '' && typed !== slug ? t.feeds.slugMoves : null
}
