/** @module Overview. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function OverviewPage() {
  return <Page title={t.overview.title}>…</Page>
}
