/** @module What was changed: each field as it was, and as it is. */
import { Table } from '../../parts/table.tsx'
import { t } from '../../texts/index.ts'
import { LongText } from './long-text.tsx'

type Change = { field: string; from: unknown; to: unknown }

/** @param changes of a video or a comment, by field. */
export function Changes({ changes }: { changes: Readonly<Record<string, { from: unknown; to: unknown }>> }) {
  const rows: Change[] = Object.entries(changes).map(([field, change]) => ({ field, ...change }))
  return (
    <section class="card">
      <h2>{t.events.changes}</h2>
      <Table
        caption={t.events.changes}
        columns={[
          { title: t.events.field, cell: ({ field }) => fieldName(field) },
          { title: t.events.from, cell: ({ from }) => <LongText text={valueText(from)} /> },
          { title: t.events.to, cell: ({ to }) => <LongText text={valueText(to)} /> },
        ]}
        rows={rows}
        keyOf={({ field }) => field}
      />
    </section>
  )
}

/** A field that is newer than this page is called as the API calls it. */
function fieldName(field: string): string {
  return (t.events.fields as Readonly<Record<string, string>>)[field] ?? field
}

function valueText(value: unknown): string {
  if (value === null || value === '') return t.common.none
  if (typeof value === 'boolean') return value ? t.common.yes : t.common.no
  if (typeof value === 'object' && 'label' in value) return String(value.label)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
