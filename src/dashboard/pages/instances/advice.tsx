/** @module What to try when an instance, or a part of one, can't be watched. */

import { linkTo } from '../../address.ts'
import type { Failure } from '../../api.ts'
import { t } from '../../texts/index.ts'

/** Nothing, where the API's own words must do. */
export function Advice({ failure }: { failure: Failure | null }) {
  if (!failure) return null
  const texts: Readonly<Record<string, string>> = t.instances.advice
  const code = failure.code || ('url' in failure.params ? 'invalid' : '')
  const advice = Object.hasOwn(texts, code) ? texts[code] : undefined
  if (advice === undefined) return null
  // The API says as what it is watched: "… watched already, as ins_…".
  const known = code === 'already_watched' ? /\bins_[0-9a-f]{24}\b/.exec(failure.detail)?.[0] : undefined
  return (
    <div class="note">
      <p>
        <strong>{t.instances.new.tryThis}:</strong> {advice}
      </p>
      {known && (
        <p>
          <a href={linkTo(['instances', known])}>{t.instances.new.goThere}</a>
        </p>
      )}
    </div>
  )
}
