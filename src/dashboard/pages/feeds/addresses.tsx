/** @module Where a feed is read: an address for each format; those of a private one are secrets, and are not shown at once. */
import { useState } from 'preact/hooks'
import type { Schemas } from '../../api.ts'
import { CopyButton } from '../../parts/copy.tsx'
import { t } from '../../texts/index.ts'

const FORMATS = ['atom', 'rss', 'json', 'txt'] as const

export function Addresses({ feed }: { feed: Schemas['Feed'] }) {
  const [isShown, setShown] = useState(false)
  const { urls, visibility } = feed
  if (!urls) return <p>{t.feeds.noAddressHint}</p>
  const isSecret = visibility === 'private'
  return (
    <>
      <p>{isSecret ? t.feeds.secretAddress : t.feeds.openAddress}</p>
      <ul class="addresses">
        {FORMATS.map((format) => (
          <li key={format}>
            <span class="quiet">{t.feeds.formats[format]}</span>
            <code class="wrap" dir="ltr">
              {isSecret && !isShown ? hidden(urls[format]) : urls[format]}
            </code>
            <CopyButton text={urls[format]} what={t.feeds.addressOf(t.feeds.formats[format])} />
          </li>
        ))}
      </ul>
      {isSecret && (
        <button type="button" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
          {t.feeds.showAddresses}
        </button>
      )}
    </>
  )
}

/** All but the secret, of which nothing is to be seen over a shoulder or in a picture. */
const hidden = (url: string) => url.replace(/fs_[^./]+/, 'fs_••••••••')

/** An address of a feed from here, whichever name this service is known by outside. */
export function pathOf(url: string): string {
  return new URL(url).pathname
}
