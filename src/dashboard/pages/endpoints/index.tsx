/** @module Endpoints. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function EndpointsPage() {
  return <Page title={t.endpoints.title}>…</Page>
}
