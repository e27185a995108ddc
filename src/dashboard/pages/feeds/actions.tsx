/** @module What can be done with a feed's address, and with the feed. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Schemas } from '../../api.ts'
import { focusTitle } from '../../focus-title.ts'
import { ConfirmButton } from '../../parts/dialog.tsx'
import { go } from '../../routes.ts'
import { useCan, useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import type { Loaded } from '../../use-loaded.ts'

type Props = { loaded: Loaded<Schemas['Feed']>; feed: Schemas['Feed'] }

export function FeedActions({ loaded, feed }: Props) {
  const { user } = useSession()
  const can = useCan()
  const [said, setSaid] = useState('')
  const { id, name, urls, visibility } = feed
  const isOwn = feed.owner === user.id
  const isSecret = visibility === 'private'
  const params = { path: { id } }
  const mayRemove = isOwn || can('removeFeedsOfOthers')
  return (
    <>
      <div class="actions feed-actions">
        {isSecret && isOwn && (
          <ConfirmButton
            label={urls ? t.feeds.rotate : t.feeds.newAddress}
            title={urls ? t.feeds.rotateTitle : t.feeds.newAddressTitle}
            question={<p>{urls ? t.feeds.rotateQuestion : t.feeds.newAddressQuestion}</p>}
            act={async () => {
              const result = await call(api.POST('/api/v1/feeds/{id}/rotate-secret', { params }))
              if (result.ok) loaded.set(result.data)
              return result
            }}
            onDone={() => setSaid(t.feeds.rotated)}
          />
        )}
        {/* Of somebody else's feed nobody is told whether it has an address. */}
        {isSecret && mayRemove && (urls || !isOwn) && (
          <ConfirmButton
            label={t.feeds.revoke}
            title={t.feeds.revokeTitle}
            question={<p>{t.feeds.revokeQuestion}</p>}
            act={() => call(api.DELETE('/api/v1/feeds/{id}/secret', { params }))}
            onDone={() => {
              setSaid(t.feeds.revoked)
              loaded.reload()
              focusTitle()
            }}
          />
        )}
        {mayRemove && (
          <ConfirmButton
            label={t.feeds.remove}
            title={t.feeds.removeTitle(name)}
            question={<p>{t.feeds.removeQuestion}</p>}
            act={() => call(api.DELETE('/api/v1/feeds/{id}', { params }))}
            onDone={() => go(linkTo(['feeds']))}
          />
        )}
      </div>
      <p role="status">{said}</p>
    </>
  )
}
