/** @module AuditLog. */
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

export default function AuditLogPage() {
  return <Page title={t.auditLog.title}>…</Page>
}
