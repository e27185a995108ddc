/** @module Mails: what was sent, what could not be, and what is kept because there is no way to send. */
import { api, call, type Schemas } from '../../api.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { Empty } from '../../parts/empty.tsx'
import { EndlessList } from '../../parts/list.tsx'
import { Page } from '../../parts/page.tsx'
import { Moment } from '../../parts/time.tsx'
import { t } from '../../texts/index.ts'
import { usePages } from '../../use-pages.ts'
import { Views } from './views.tsx'

type Mail = Schemas['Mail']

const TONES: Readonly<Record<Mail['state'], Tone>> = {
  sent: 'good',
  pending: 'busy',
  kept: 'plain',
  failed: 'bad',
}

export function MailList() {
  const pages = usePages<Mail>('mails', (after) =>
    call(
      api.GET('/api/v1/mails', {
        params: { query: { count: 50, sort: '-createdAt', ...(after ? { after } : {}) } },
      }),
    ),
  )
  return (
    <Page
      title={t.auditLog.title}
      actions={
        <button type="button" disabled={pages.isLoading} onClick={pages.reload}>
          {t.auditLog.readAgain}
        </button>
      }
    >
      <Views current="mails" />
      <p class="quiet">{t.auditLog.mailsIntro}</p>
      <EndlessList
        label={t.auditLog.mailsTab}
        pages={pages}
        keyOf={({ id }) => id}
        rowHeight={90}
        row={(mail) => <Row mail={mail} />}
        empty={<Empty title={t.auditLog.noMails} />}
      />
    </Page>
  )
}

function Row({ mail }: { mail: Mail }) {
  const { recipient, subject, state, text, attempts, lastError, createdAt, nextAttemptAt } = mail
  const link = text === null ? null : linkIn(text)
  return (
    <article class="mail-row">
      <p class="mail-head">
        <strong class="wrap" dir="auto">
          {subject}
        </strong>
        <Badge tone={TONES[state]}>{t.auditLog.mailStates[state]}</Badge>
        <span class="quiet">
          <Moment at={createdAt} />
        </span>
      </p>
      <p class="quiet wrap">
        {t.auditLog.mailTo} <span dir="auto">{recipient}</span>
        {attempts > 0 && ` · ${t.auditLog.attempts(attempts)}`}
        {nextAttemptAt !== null && state === 'pending' && (
          <>
            {' · '}
            {t.auditLog.nextAttempt} <Moment at={nextAttemptAt} />
          </>
        )}
      </p>
      {lastError !== null && (
        <p class="wrap" lang="en" dir="auto">
          {lastError}
        </p>
      )}
      {text !== null && (
        <details>
          <summary>{t.auditLog.mailText}</summary>
          <p class="mail-text wrap" dir="auto">
            {text}
          </p>
        </details>
      )}
      {link !== null && (
        <p>
          <a href={link}>{t.auditLog.openLink}</a>
        </p>
      )}
    </article>
  )
}

/** The link of a mail that asks for something: to a page of ours besides the first. One to elsewhere is not followed from here. */
function linkIn(text: string): string | null {
  const links = text.match(/https?:\/\/\S+/g) ?? []
  const isMeant = (url: URL) => url.origin === location.origin && url.pathname !== '/'
  return links.map((link) => URL.parse(link)).find((url) => url !== null && isMeant(url))?.href ?? null
}
