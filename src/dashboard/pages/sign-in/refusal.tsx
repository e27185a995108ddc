/** @module Why somebody was not let in, and the next step. */

import { linkTo } from '../../address.ts'
import type { Failure } from '../../api.ts'
import { FailureNote } from '../../parts/failure.tsx'
import { t } from '../../texts/index.ts'
import { COOKIE_REFUSED } from './prove.ts'

/** What is not known here is said in the API's words. */
export function Refusal({ failure }: { failure: Failure }) {
  const words = wordsFor(failure)
  if (words === null) return <FailureNote failure={failure} />
  return (
    <div class="note bad" role="alert" tabIndex={-1}>
      <strong>{words.title}</strong>
      <p>{words.text}</p>
      {failure.code === 'email_not_verified' && (
        <p>
          <a href={linkTo(['verify'])}>{t.signIn.sendAgain}</a>
        </p>
      )}
      {failure.code === COOKIE_REFUSED && <LocalAddress />}
    </div>
  )
}

function wordsFor({ code }: Failure): { title: string; text: string } | null {
  const { refusals } = t.signIn
  if (code === COOKIE_REFUSED)
    return location.protocol === 'https:' ? refusals.cookieBlocked : refusals.cookieInsecure
  const known: Readonly<Record<string, { title: string; text: string }>> = refusals.codes
  return known[code] ?? null
}

/** Where this may be reached without https: an address that browsers take for safe, on the machine itself. */
function LocalAddress() {
  const { protocol, hostname, port } = location
  if (protocol === 'https:' || hostname === 'localhost') return null
  const address = `http://localhost${port ? `:${port}` : ''}/`
  return (
    <p>
      {t.signIn.sameMachine} <a href={address}>{address}</a>
    </p>
  )
}
