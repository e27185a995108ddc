/** @module Reading the data of an event whose type may not be known here: nothing is taken for granted. */

/** What stands at a path, or undefined. */
export function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? Object.getOwnPropertyDescriptor(inner, key)?.value
        : undefined,
    value,
  )
}

/** The text at a path, or an empty one. Numbers are texts, too. */
export function textAt(value: unknown, ...path: string[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' || Number.isFinite(found) ? String(found) : ''
}
