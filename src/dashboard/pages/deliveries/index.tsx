/** @module Deliveries. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function DeliveriesPage() {
  return <Page title={t.deliveries.title}>…</Page>
}
