/** @module Names with values, as queries and forms have them. */
import { invalidParams, type Location } from '../problem.ts'
import { invalid } from './validate.ts'

/** More than any operation takes: what has more is a mistake, or an attempt to keep us busy. */
const MOST = 100

/**
 * The values by their names. A name that comes twice has a list, which no schema takes unless it says so.
 * @throws Problem 400 when there are more than a hundred.
 */
export function fieldsOf(params: URLSearchParams, location: Location): Record<string, string | string[]> {
  if (params.size > MOST) throw invalidParams(invalid(location, location, `has more than ${MOST} fields`))
  const fields: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of params) {
    const before = fields[name]
    if (Array.isArray(before)) before.push(value)
    else fields[name] = before === undefined ? value : [before, value]
  }
  return fields
}
