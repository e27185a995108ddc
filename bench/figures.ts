/** @module A figure: what was measured, what is wanted of it, and beside what it was measured. */

export type Figure = {
  name: string
  value: number
  unit: string
  /** In words, e.g. `<= 2`; null when the figure is only to be known. */
  target: string | null
  pass: boolean
  baseline?: number
  ratio?: number
}

/** A figure that must not be more than a bound. */
export function atMost(name: string, value: number, bound: number, unit: string): Figure {
  return { name, value, unit, target: `<= ${bound}`, pass: value <= bound }
}

/** The middle of some measurements. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** The value that so many percent of some measurements are not above. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN
}

/** The figures as a table for people. */
export function table(figures: readonly Figure[]): string {
  const round = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(3))
  const rows = figures.map(({ name, value, unit, target, pass, baseline }) => [
    pass ? 'ok' : 'MISSED',
    name,
    `${round(value)} ${unit}`,
    target ?? '',
    baseline === undefined ? '' : `beside ${round(baseline)}`,
  ])
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
