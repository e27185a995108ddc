/** @module Settings. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function SettingsPage() {
  return <Page title={t.settings.title}>…</Page>
}
