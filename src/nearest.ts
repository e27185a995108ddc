/** @module The name that somebody meant who mistyped it. */

/** Of these names the nearest one, or null when none is near: a third of its letters may be wrong. */
export function nearestName(typed: string, names: readonly string[]): string | null {
  const [nearest] = names
    // What is much longer is none of them; to compare it would take long.
    .filter((name) => typed.length <= name.length * 2)
    .map((name) => ({ name, distance: distance(typed.toUpperCase(), name.toUpperCase()) }))
    .filter((one) => one.distance <= one.name.length / 3)
    .toSorted((a, b) => a.distance - b.distance)
  return nearest?.name ?? null
}

/** How many letters must be put in, taken out or changed to make `a` of `b` (Levenshtein). */
function distance(a: string, b: string): number {
  // Row by row: of the beginning of `a` so far to each beginning of `b`.
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...a].entries()) {
    let [diagonal = 0] = row
    row = row.reduce<number[]>((next, above, column) => {
      const left = next[column - 1]
      const changed = diagonal + (letter === b[column - 1] ? 0 : 1)
      next.push(left === undefined ? index + 1 : Math.min(above + 1, left + 1, changed))
      diagonal = above
      return next
    }, [])
  }
  return row.at(-1) ?? 0
}
