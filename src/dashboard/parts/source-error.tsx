/** @module Why a source could not be read: what it means, what to do, and the API's own message. */
import { t } from '../texts/index.ts'
import { errorWords, type Source } from './source-words.ts'

/** Nothing, when its last read went well. */
export function SourceError({ source }: { source: Pick<Source, 'errorKind' | 'lastError'> }) {
  const { errorKind, lastError } = source
  if (errorKind === null && lastError === null) return null
  const words = errorKind === null ? null : errorWords(errorKind)
  return (
    <div class="note bad">
      {words ? (
        <p>
          <strong>{words.what}</strong> {words.todo}
        </p>
      ) : (
        <p>
          <strong>{errorKind ?? t.failure.title}</strong>
        </p>
      )}
      {lastError !== null && (
        <p class="quiet clamp" lang="en" dir="auto">
          {lastError}
        </p>
      )}
    </div>
  )
}
