/** @module ApiKeys. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function ApiKeysPage() {
  return <Page title={t.apiKeys.title}>…</Page>
}
