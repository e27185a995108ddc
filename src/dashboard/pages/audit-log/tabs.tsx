/** @module The two views of the page. */
import { linkTo } from '../../routes.ts'
import { t } from '../../texts/index.ts'

export function Tabs({ current }: { current: 'actions' | 'mails' }) {
  const tabs = [
    { name: 'actions', words: t.auditLog.actionsTab, address: linkTo(['audit-log']) },
    { name: 'mails', words: t.auditLog.mailsTab, address: linkTo(['audit-log', 'mails']) },
  ]
  return (
    <nav class="tabs" aria-label={t.auditLog.title}>
      {tabs.map(({ name, words, address }) => (
        <a key={name} href={address} {...(name === current ? { 'aria-current': 'page' as const } : {})}>
          {words}
        </a>
      ))}
    </nav>
  )
}
