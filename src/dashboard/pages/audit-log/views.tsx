/** @module The two views of the page. */
import { linkTo } from '../../address.ts'
import { t } from '../../texts/index.ts'

export function Views({ current }: { current: 'actions' | 'mails' }) {
  const views = [
    { name: 'actions', words: t.auditLog.actionsTab, address: linkTo(['audit-log']) },
    { name: 'mails', words: t.auditLog.mailsTab, address: linkTo(['audit-log', 'mails']) },
  ]
  return (
    <nav class="views" aria-label={t.auditLog.title}>
      {views.map(({ name, words, address }) => (
        <a key={name} href={address} {...(name === current ? { 'aria-current': 'page' as const } : {})}>
          {words}
        </a>
      ))}
    </nav>
  )
}
