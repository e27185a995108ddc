/** @module Consumers. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function ConsumersPage() {
  return <Page title={t.consumers.title}>…</Page>
}
