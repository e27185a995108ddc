/** @module The schemas that validate, as JSON Schema: of OpenAPI 3.1 (draft 2020-12), or of 3.0. */
import { type ConversionConfig, toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import { AuditItem, ShownMail } from './administration.ts'
import { ShownApiKey } from './api-keys.ts'
import { ShownDelivery } from './deliveries.ts'
import { ShownEndpoint } from './endpoint-view.ts'
import { Event, Video } from './event-view.ts'
import { ShownInstance } from './instance-view.ts'
import { ShownProblem } from './problem-view.ts'
import { ShownUser } from './user-view.ts'

export type OpenApiVersion = '3.0' | '3.1'
export type Json = { [name: string]: unknown }

/** What has a name in the description, and in generated clients. */
const NAMED = {
  ApiKey: ShownApiKey,
  AuditEntry: AuditItem,
  Delivery: ShownDelivery,
  Endpoint: ShownEndpoint,
  Event,
  Instance: ShownInstance,
  Mail: ShownMail,
  Problem: ShownProblem,
  User: ShownUser,
  Video,
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
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  }
}

/** One schema, with references to those that have a name. */
export function jsonSchema(schema: v.GenericSchema, version: OpenApiVersion): Json {
  const name = Object.entries(NAMED).find(([, named]) => named === schema)?.[0]
  if (name) return { $ref: `#/components/schemas/${name}` }
  const {
    $schema: _,
    $defs: __,
    definitions: ___,
    ...converted
  } = toJsonSchema(schema, config(version)) as Json
  return withNull(converted) as Json
}

/** Those that have a name. */
export function namedSchemas(version: OpenApiVersion): Json {
  return withNull(toJsonSchemaDefs(NAMED, config(version))) as Json
}

/** OpenAPI 3.0 has `nullable` beside `enum`, and still wants null in the list (its proposal 2019-10-31). */
function withNull(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withNull)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([name, value]) => [name, withNull(value)])
  const walked: Json = Object.fromEntries(entries)
  const { nullable, enum: values } = walked
  return nullable === true && Array.isArray(values) ? { ...walked, enum: [...values, null] } : walked
}

/** The fields of an object schema. */
export function entriesOf(schema: v.GenericSchema | undefined): Record<string, v.GenericSchema> {
  // Parameters and bodies are declared as objects, whose entries are schemas.
  return schema && 'entries' in schema ? (schema.entries as Record<string, v.GenericSchema>) : {}
}
