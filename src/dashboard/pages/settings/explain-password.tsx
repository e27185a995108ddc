/** @module What is said of a password that is not the one of now. */
import type { Failure } from '../../api.ts'
import { t } from '../../texts/index.ts'

/** A 401 of such a form says it, and that nothing else is wrong: null otherwise. */
export function explainPassword({ status, code }: Failure) {
  if (status !== 401 || code !== '') return null
  return (
    <p class="note bad" role="alert">
      {t.settings.wrongPassword}
    </p>
  )
}
