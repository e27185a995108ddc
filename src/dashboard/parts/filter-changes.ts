/** @module A filter that takes the place of another one, as a merge patch (RFC 7396) says it. */
import type { Schemas } from '../api.ts'

type Filter = Schemas['Filter']
type Changes = { [TName in keyof Filter]?: Filter[TName] | null }

/** What is not asked for any more is null: what a patch leaves out would stay. */
export function changesOf(before: Filter, after: Filter): Changes {
  const gone = Object.keys(before).filter((name) => !(name in after))
  return { ...Object.fromEntries(gone.map((name) => [name, null])), ...after }
}
