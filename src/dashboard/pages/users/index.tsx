/** @module Users. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function UsersPage() {
  return <Page title={t.users.title}>…</Page>
}
