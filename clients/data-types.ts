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
    return open(this.api) as JSONSchema
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
  for (const name of Object.keys(api.components.schemas))
    await schemas.addSource({ name, uris: [`openapi.json#/components/schemas/${name}`] })
  const inputData = new InputData()
  inputData.addInput(schemas)
  const { lines } = await quicktype({ inputData, lang: language, rendererOptions })
  return lines.join('\n')
}

/**
 * A schema that takes what a later Tubewire may say: an enum of these languages would refuse the first type of event that is
 * new to it, so that it becomes what its values are; and what may be of several types may be anything.
 */
function open(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(open)
  if (typeof schema !== 'object' || schema === null) return schema
  const { enum: values, anyOf, ...rest } = schema as Record<string, unknown>
  const opened = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, open(value)]))
  if (Array.isArray(values)) return { ...opened, type: typeOf(values[0]) }
  if (!Array.isArray(anyOf)) return opened
  const isOneOrNull = anyOf.filter(({ type }) => type !== 'null').length === 1
  return isOneOrNull ? { ...opened, anyOf: open(anyOf) } : opened
}

function typeOf(value: unknown): string {
  return Number.isInteger(value) ? 'integer' : typeof value
}
