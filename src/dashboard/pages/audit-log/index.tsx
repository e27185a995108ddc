/** @module The audit log, and the mails. For administrators. */
import type { PageProps } from '../../pages.ts'
import { AuditList } from './list.tsx'
import { MailList } from './mails.tsx'
import './style.css'

export default function AuditLogPage({ path: [first], query }: PageProps) {
  return first === 'mails' ? <MailList /> : <AuditList query={query} />
}
