/** @module What went wrong, in the API's words, and what to do about it. */
import type { Failure } from '../api.ts'
import { t } from '../texts/index.ts'

/** What the reader can do, where the API's words don't say. */
function advice({ status }: Failure): string | null {
  if (status === 0) return t.failure.noAnswer
  if (status === 403) return t.failure.forbidden
  if (status === 412) return t.failure.conflict
  if (status === 429) return t.failure.rateLimit
  return status >= 500 ? t.failure.server : null
}

/** @param retry what is done at "Try again"; none: there is no such button. */
export function FailureNote({ failure, retry }: { failure: Failure; retry?: (() => void) | undefined }) {
  const advised = advice(failure)
  return (
    <div class="note bad" role="alert" tabIndex={-1}>
      <strong>{t.failure.title}</strong>
      {failure.status > 0 && (
        <p lang="en" dir="auto" class="wrap">
          {failure.detail}
        </p>
      )}
      {advised && <p>{advised}</p>}
      {failure.status >= 500 && failure.requestId && (
        <p class="quiet">{t.failure.requestId(failure.requestId)}</p>
      )}
      {retry && (
        <button type="button" onClick={retry}>
          {t.common.tryAgain}
        </button>
      )}
    </div>
  )
}
