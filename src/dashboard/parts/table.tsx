/** @module A table of a page's length; where there is little room each row is a card. What may be endless is in list.tsx. */
import type { ComponentChildren } from 'preact'

export type Column<TRow> = {
  title: string
  cell: (row: TRow) => ComponentChildren
  /** Numbers stand under each other. */
  isNumber?: boolean
}

/** @param caption what the table is of: for who doesn't see it. */
export function Table<TRow>({
  caption,
  columns,
  rows,
  keyOf,
}: {
  caption: string
  columns: readonly Column<TRow>[]
  rows: readonly TRow[]
  keyOf: (row: TRow) => string | number
}) {
  return (
    <table class="cards">
      <caption class="hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, isNumber }) => (
            <th key={title} scope="col" class={isNumber ? 'number' : ''}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, cell, isNumber }) => (
              <td key={title} data-title={title} class={isNumber ? 'number' : ''}>
                {/* One thing, whatever it is made of: in a card it stands beside its title. */}
                <div>{cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
