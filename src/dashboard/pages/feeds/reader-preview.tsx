/** @module A feed as a reader would show it: read at its own address, and shown as text. */

import { linkTo } from '../../address.ts'
import { api, call, type Schemas } from '../../api.ts'
import { useReloadOnEvents } from '../../live.ts'
import { LoadedPart } from '../../parts/loaded.tsx'
import { OutsideLink } from '../../parts/outside-link.tsx'
import { Picture } from '../../parts/picture.tsx'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { pathOf } from './addresses.tsx'
import { type FeedItem, itemsOf, ownPicture } from './feed-document.ts'

const SHOWN = 10

/** Nothing, where the feed has no address, or none that is the reader's to know. */
export function ReaderPreview({ feed: { urls, updatedAt } }: { feed: Schemas['Feed'] }) {
  const file = urls ? pathOf(urls.json).replace('/feeds/', '') : null
  const items = useLoaded(file === null ? null : `feed-document ${file} ${updatedAt}`, async () => {
    const result = await call(
      api.GET('/feeds/{file}', {
        params: { path: { file: file ?? '' }, query: { count: SHOWN } },
        // As it is now, and not as it was a minute ago.
        cache: 'no-cache',
      }),
    )
    return result.ok ? { ok: true as const, data: itemsOf(result.data) } : result
  })
  useReloadOnEvents(items.reload)
  if (file === null) return null
  return (
    <section class="card">
      <h2>{t.feeds.preview}</h2>
      <LoadedPart of={items}>
        {(shown) =>
          shown.length === 0 ? (
            <>
              <p>{t.feeds.previewEmpty}</p>
              <a href={linkTo(['events'])}>{t.feeds.toEvents}</a>
            </>
          ) : (
            <>
              <p class="quiet">{t.feeds.previewHint}</p>
              <ul class="plain-list reader">
                {shown.map((item) => (
                  <li key={item.id}>
                    <Entry item={item} />
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </LoadedPart>
    </section>
  )
}

function Entry({ item: { url, title, summary, publishedAt, image, authors } }: { item: FeedItem }) {
  const picture = ownPicture(image, location.origin)
  return (
    <article class="entry">
      {picture && <Picture path={picture} size="thumbnail" />}
      <div>
        <h3 dir="auto" class="clamp">
          {url === null ? title : <OutsideLink href={url}>{title}</OutsideLink>}
        </h3>
        <p class="quiet wrap">
          {publishedAt && <Moment at={publishedAt} />}
          {authors.map((author) => (
            <span key={author}>
              {' · '}
              <bdi>{author}</bdi>
            </span>
          ))}
        </p>
        {summary && (
          <p dir="auto" class="clamp">
            {summary}
          </p>
        )}
      </div>
    </article>
  )
}
