/** @module The fields of an object as a table in Markdown, made of its JSON Schema. */
import { table } from './markdown-table.ts'
import type { Json } from './openapi-schemas.ts'

type Schema = {
  $ref?: string
  type?: string
  format?: string
  description?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: unknown
}

/**
 * A row for each field: its name, what it is, and what is said of it. Fields of an object within have its name in front.
 * @param named the schemas that have a name. What refers to one has a link to its heading on the same page.
 */
export function fieldsTable(schema: Json, named: Json): string {
  // They are JSON Schema, of which openapi-schemas.ts writes no more than this.
  return table(['field', 'type', 'what'], rows(schema as Schema, named as Record<string, Schema>, ''))
}

function rows(
  { properties = {}, required = [], additionalProperties }: Schema,
  named: Record<string, Schema>,
  prefix: string,
): string[][] {
  const own = Object.entries(properties).flatMap(([name, field]) => {
    const path = `${prefix}${name}`
    const { inner, isNullable } = unwrap(field)
    const said = field.description ?? inner.description ?? named[nameOf(inner) ?? '']?.description ?? ''
    const optional = required.includes(name) ? '' : ', not always there'
    const row = [`\`${path}\``, `${words(inner)}${isNullable ? ' or null' : ''}${optional}`, said]
    return Object.values(inner.properties ?? {}).some(isNews) && !isPair(inner)
      ? [row, ...rows(inner, named, `${path}.`)]
      : [row]
  })
  return additionalProperties ? [...own, ['…', 'anything', 'Other fields.']] : own
}

function unwrap(field: Schema): { inner: Schema; isNullable: boolean } {
  const [inner, ...others] = (field.anyOf ?? [field]).filter(({ type }) => type !== 'null')
  return inner && others.length === 0
    ? { inner, isNullable: field.anyOf !== undefined }
    : { inner: field, isNullable: false }
}

function nameOf({ $ref }: Schema): string | undefined {
  return $ref?.split('/').at(-1)
}

const TYPES: Record<string, string> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  object: 'object',
}

function words(schema: Schema): string {
  const name = nameOf(schema)
  if (name !== undefined) return `[${name}](#${name.toLowerCase()})`
  if (schema.items) return `list of ${words(schema.items)}`
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(' or ')
  if (isPair(schema)) {
    const { inner, isNullable } = unwrap(schema.properties?.['from'] ?? {})
    return `\`{from, to}\`, each ${words(inner)}${isNullable ? ' or null' : ''}`
  }
  if (schema.format === 'date-time') return 'time'
  if (schema.properties) return `\`{${Object.keys(schema.properties).join(', ')}}\``
  return TYPES[schema.type ?? ''] ?? 'anything'
}

/** Whether there is more to say of a field than that it is there. */
function isNews({ $ref, properties, description }: Schema): boolean {
  return $ref !== undefined || properties !== undefined || description !== undefined
}

/** Whether it says what was and what is now. */
function isPair({ properties = {} }: Schema): boolean {
  return Object.keys(properties).join() === 'from,to'
}
