/** @module The data types of the API in other languages: what it answers, and what a webhook says. */
import {
  InputData,
  type JSONSchema,
  JSONSchemaInput,
  JSONSchemaStore,
  type LanguageName,
  quicktype,
} from 'quicktype-core'

type OpenApi = { components: { schemas: Record<string, object> } }

/** The description as the one document that there is: its references lead nowhere else. */
class Store extends JSONSchemaStore {
  private readonly api: OpenApi
  constructor(api: OpenApi) {
    super()
    this.api = api
  }

  async fetch(): Promise<JSONSchema> {
    return open(titled(this.api)) as JSONSchema
  }
}

/**
 * The source of a file with a type for each named schema.
 * @param language one that quicktype knows, with its options.
 */
export async function dataTypes(
  api: OpenApi,
  language: LanguageName,
  rendererOptions: Readonly<Record<string, string>>,
): Promise<string> {
  const schemas = new JSONSchemaInput(new Store(api))
  for (const name of namesOf(api))
    await schemas.addSource({ name, uris: [`openapi.json#/components/schemas/${name}`] })
  const inputData = new InputData()
  inputData.addInput(schemas)
  const { lines } = await quicktype({ inputData, lang: language, rendererOptions })
  return lines.join('\n')
}

/** What gets a type of its own: what is only a part of others gets one by being named there. An event is one of its types. */
function namesOf({ components: { schemas } }: OpenApi): string[] {
  const { Event: _, ...others } = schemas
  const parts = JSON.stringify(others)
  return Object.keys(schemas).filter((name) => !parts.includes(`"#/components/schemas/${name}"`))
}

/** The same, with the name of each named schema as its title: otherwise it gets another one wherever it is used. */
function titled({ components }: OpenApi) {
  const named = Object.entries(components.schemas).map(([title, schema]) => [title, { title, ...schema }])
  return { components: { schemas: Object.fromEntries(named) } }
}

/**
 * A schema that takes what a later Tubewire may say: an enum of these languages would refuse the first type of event that is
 * new to it, so that it becomes what its values are; and what may be of several types may be anything.
 */
function open(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(open)
  if (typeof schema !== 'object' || schema === null) return schema
  const {
    const: value,
    enum: values = value === undefined ? undefined : [value],
    anyOf,
    ...rest
  } = schema as Record<string, unknown>
  const opened = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, open(value)]))
  if (Array.isArray(values)) return { ...opened, type: typeOf(values[0]) }
  if (!Array.isArray(anyOf)) return opened
  const isOneOrNull = anyOf.filter(({ type }) => type !== 'null').length === 1
  return isOneOrNull ? { ...opened, anyOf: open(anyOf) } : opened
}

function typeOf(value: unknown): string {
  return Number.isInteger(value) ? 'integer' : typeof value
}
