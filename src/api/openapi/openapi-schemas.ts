/** @module The schemas that validate, as JSON Schema: of OpenAPI 3.1 (draft 2020-12), or of 3.0. */
import { type ConversionConfig, toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import type { EventType } from '../../events/types.ts'
import { AuditItem, ShownMail } from '../administration.ts'
import { ShownApiKey } from '../api-keys.ts'
import { ShownConnection } from '../connection-view.ts'
import { ShownConsumer } from '../consumer-view.ts'
import { ShownDelivery } from '../delivery-view.ts'
import { ShownEndpoint } from '../endpoint-view.ts'
import { EVENT_PARTS, EVENT_SCHEMAS, Event } from '../event-view.ts'
import { ShownFeed } from '../feed-view.ts'
import { ShownFilter } from '../filter-fields.ts'
import { ShownInstance } from '../instance-view.ts'
import { ShownProblem } from '../problem-view.ts'
import { ShownReplay } from '../replay-view.ts'
import { ShownSource } from '../source-view.ts'
import { ShownSubscription } from '../subscriptions.ts'
import { ShownUser } from '../user-view.ts'

export type OpenApiVersion = '3.0' | '3.1'
export type Json = { [name: string]: unknown }

/** The name of a type of event in generated code: `VideoPublished`. */
export function eventName(type: EventType): string {
  return type
    .split('.')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}

/** The name of what an event of a type looks like. */
export const eventSchemaName = (type: EventType) => `${eventName(type)}Event`

/** What has a name in the description, and in generated clients. */
const NAMED: Record<string, v.GenericSchema> = {
  ApiKey: ShownApiKey,
  AuditEntry: AuditItem,
  Connection: ShownConnection,
  Consumer: ShownConsumer,
  Delivery: ShownDelivery,
  Endpoint: ShownEndpoint,
  Event,
  Feed: ShownFeed,
  Filter: ShownFilter,
  Instance: ShownInstance,
  Mail: ShownMail,
  Problem: ShownProblem,
  Replay: ShownReplay,
  Source: ShownSource,
  Subscription: ShownSubscription,
  User: ShownUser,
  ...EVENT_PARTS,
  ...Object.fromEntries([...EVENT_SCHEMAS].map(([type, schema]) => [eventSchemaName(type), schema])),
}

const reference = (name: string) => `#/components/schemas/${name}`

const EVENT_DISCRIMINATOR = {
  discriminator: {
    propertyName: 'type',
    mapping: Object.fromEntries(
      [...EVENT_SCHEMAS.keys()].map((type) => [type, reference(eventSchemaName(type))]),
    ),
  },
}

function config(version: OpenApiVersion): ConversionConfig {
  return {
    target: version === '3.0' ? 'openapi-3.0' : 'draft-2020-12',
    // What goes over the wire, before our transforms.
    typeMode: 'input',
    errorMode: 'throw',
    // What JSON Schema can't say; their messages tell it to whoever breaks them.
    ignoreActions: ['check', 'transform', 'to_lower_case'],
    definitions: NAMED,
    overrideRef: ({ referenceId }) => reference(referenceId),
    // Which of an event's schemas it is of says its type.
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema === Event ? { ...jsonSchema, ...EVENT_DISCRIMINATOR } : undefined,
  }
}

/** One schema, with references to those that have a name. */
export function jsonSchema(schema: v.GenericSchema, version: OpenApiVersion): Json {
  const name = Object.entries(NAMED).find(([, named]) => named === schema)?.[0]
  if (name) return { $ref: reference(name) }
  const {
    $schema: _,
    $defs: __,
    definitions: ___,
    ...converted
  } = toJsonSchema(schema, config(version)) as Json
  return forGenerators(converted, version) as Json
}

/** Those that have a name. */
export function namedSchemas(version: OpenApiVersion): Json {
  return forGenerators(toJsonSchemaDefs(NAMED, config(version)), version) as Json
}

/**
 * In OpenAPI 3.0 nothing that its generators stumble over. It has `nullable` beside `enum` and still wants null among the values
 * (its proposal 2019-10-31), where openapi-generator for Kotlin and Python breaks off; of `enum` with numbers Kotlin gets what it
 * can't compile, and of `anyOf` Go. So only texts that are never null keep their `enum`, others name their values in words, and
 * what may be of several types may be anything.
 */
function forGenerators(schema: unknown, version: OpenApiVersion): unknown {
  if (version === '3.1' || typeof schema !== 'object' || schema === null) return schema
  if (Array.isArray(schema)) return schema.map((one) => forGenerators(one, version))
  const { anyOf, ...rest }: Json = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, forGenerators(value, version)]),
  )
  // One value or several: a query says one as it says a list of one.
  if (Array.isArray(anyOf)) return { ...anyOf.find(({ type }) => type === 'array'), ...rest }
  const { $ref, ...beside } = rest
  // Beside a reference nothing counts, in 3.0; and `nullable` does beside a type only. What has a name is an object.
  if ($ref !== undefined && Object.keys(beside).length > 0)
    return { type: 'object', allOf: [{ $ref }], ...beside }
  const { nullable, enum: values, description } = rest
  if (!Array.isArray(values)) return rest
  const type = values.every(Number.isInteger) ? 'integer' : typeof values[0]
  if (type === 'string' && nullable !== true) return { ...rest, type }
  const { enum: _, ...open } = rest
  const words = `One of ${values.map((value) => `\`${value}\``).join(', ')}${nullable === true ? ', or null' : ''}.`
  return { ...open, type, description: description === undefined ? words : `${description} ${words}` }
}

/** The fields of an object schema. */
export function entriesOf(schema: v.GenericSchema | undefined): Record<string, v.GenericSchema> {
  // Parameters and bodies are declared as objects, whose entries are schemas.
  return schema && 'entries' in schema ? (schema.entries as Record<string, v.GenericSchema>) : {}
}
