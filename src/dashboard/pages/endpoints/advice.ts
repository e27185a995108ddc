/** @module What to do about an attempt that failed, by how it was answered. */
import { t } from '../../texts/index.ts'

/** @param status of HTTP; null: there was no answer. */
export function adviceOn(status: number | null): string {
  const words = t.endpoints.advice
  if (status === null) return words.noAnswer
  if (status >= 300 && status < 400) return words.redirect
  if (status === 401 || status === 403) return words.refused
  if (status === 404 || status === 405) return words.missing
  if (status === 410) return words.gone
  if (status === 429) return words.tooMany
  return status >= 500 ? words.server : words.other
}
