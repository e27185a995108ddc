/** @module A new feed. */

import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { useDraft } from '../../parts/draft.ts'
import { Page } from '../../parts/page.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { FeedForm, feedOf, NO_FEED } from './form.tsx'

export function NewFeed() {
  const [draft, change, forget] = useDraft('feed', NO_FEED)
  return (
    <Page title={t.feeds.make} up={{ title: t.feeds.title, path: ['feeds'] }}>
      <FeedForm
        draft={draft}
        onChange={change}
        submit={t.feeds.make}
        more={
          <a class="button" href={linkTo(['feeds'])}>
            {t.common.cancel}
          </a>
        }
        send={() => call(api.POST('/api/v1/feeds', { body: feedOf(draft) }))}
        onDone={({ id }) => {
          forget()
          go(linkTo(['feeds', id]))
        }}
      />
    </Page>
  )
}
