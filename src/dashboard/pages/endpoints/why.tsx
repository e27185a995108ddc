/** @module Why an attempt failed, and what to do about it: in the words in which its delivery says it. */
import { t } from '../../texts/index.ts'
import { reasonOf } from '../deliveries/reasons.ts'

/** @param status of HTTP; null: there was no answer. @param error what the API says of it. Nothing, where nothing went wrong. */
export function Why({ status, error }: { status: number | null; error: string | null }) {
  const reason = reasonOf({ status, error })
  if (reason === null) return null
  const { why, cure } = t.deliveries.reasons[reason]
  return (
    <p>
      {why} {cure}
    </p>
  )
}
