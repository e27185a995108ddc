/** @module Events. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function EventsPage() {
  return <Page title={t.events.title}>…</Page>
}
