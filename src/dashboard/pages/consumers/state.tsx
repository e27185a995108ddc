/** @module How a consumer is, in words: how far behind, and who reads. */
import type { Schemas } from '../../api.ts'
import { Badge } from '../../parts/badge.tsx'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'

/** So far behind is no more than what just happened. */
const FAR = 1_000

export function LagBadge({ lag }: { lag: number }) {
  if (lag === 0) return <Badge tone="good">{t.consumers.upToDate}</Badge>
  return <Badge tone={lag < FAR ? 'busy' : 'warn'}>{t.consumers.behind(lag)}</Badge>
}

export function Lease({ lease }: { lease: Schemas['Consumer']['lease'] }) {
  if (!lease) return <span class="quiet">{t.consumers.nobody}</span>
  return (
    <span class="wrap">
      <bdi>{lease.worker ?? t.consumers.somebody}</bdi>{' '}
      <span class="quiet">
        {t.consumers.upTo(lease.sequence)} <Moment at={lease.until} />
      </span>
    </span>
  )
}
