/** @module The columns of the schema in statements that are written by hand, under the names that the code has for them. */
import { getTableColumns } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'

type Value = string | number | null

/**
 * The columns of a table, for SELECT or RETURNING.
 * @param alias of the table in the statement.
 * @param prefix of the names in the result: two tables of one join have names in common.
 * @example columnsOf(users, 'u') // 'u.id AS "id", u.created_at AS "createdAt", …'
 */
export function columnsOf(table: SQLiteTable, alias?: string, prefix = ''): string {
  return Object.entries(getTableColumns(table))
    .map(([name, column]) => `${alias ? `${alias}.` : ''}${column.name} AS "${prefix}${name}"`)
    .join(', ')
}

/** A row of a table as JSON, under the code's names: for what is read together with something else. */
export function jsonOf(table: SQLiteTable): string {
  const pairs = Object.entries(getTableColumns(table)).map(([name, column]) => `'${name}', ${column.name}`)
  return `json_object(${pairs.join(', ')})`
}

/** Of a row of a join what one table gave. @param prefix as `columnsOf` was given it. */
export function withPrefix(row: Record<string, unknown>, prefix: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  )
}

/**
 * Some columns, for SET of an UPDATE.
 * @param changes by the code's names; what is undefined stays as it is.
 */
export function assignments(
  table: SQLiteTable,
  changes: Readonly<Record<string, Value | boolean | undefined>>,
): { sql: string; values: Value[] } {
  const columns = getTableColumns(table)
  const set = Object.entries(changes).flatMap(([name, value]) => {
    if (value === undefined) return []
    const column = columns[name]
    if (!column) throw new Error(`there is no column "${name}"`)
    return [{ sql: `${column.name} = ?`, value: typeof value === 'boolean' ? Number(value) : value }]
  })
  return { sql: set.map(({ sql }) => sql).join(', '), values: set.map(({ value }) => value) }
}

/**
 * A row, for INSERT.
 * @param row by the code's names; what is undefined is left to the table's default.
 */
export function insertion(
  table: SQLiteTable,
  row: Readonly<Record<string, Value | boolean | undefined>>,
): { names: string; places: string; values: Value[] } {
  const columns = getTableColumns(table)
  const given = Object.entries(row).flatMap(([name, value]) => {
    if (value === undefined) return []
    const column = columns[name]
    if (!column) throw new Error(`there is no column "${name}"`)
    return [{ name: column.name, value: typeof value === 'boolean' ? Number(value) : value }]
  })
  return {
    names: given.map(({ name }) => name).join(', '),
    places: given.map(() => '?').join(', '),
    values: given.map(({ value }) => value),
  }
}
