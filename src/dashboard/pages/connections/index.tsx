/** @module Connections. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function ConnectionsPage() {
  return <Page title={t.connections.title}>…</Page>
}
