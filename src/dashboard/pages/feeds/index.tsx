/** @module Feeds. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function FeedsPage() {
  return <Page title={t.feeds.title}>…</Page>
}
