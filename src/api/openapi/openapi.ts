/**
 * @module The API described in OpenAPI: made of the operations and of the schemas that validate, so that it can't say anything
 * else than what is done. docs/decisions/007 says why no generator of a framework makes it.
 */
import * as v from 'valibot'
import { VERSION } from '../../version.ts'
import { type AnswerSpec, type Operation, TAGS } from '../operation.ts'
import { contentTypes } from '../request/body.ts'
import { SESSION_COOKIE } from '../request/cookie.ts'
import { RIGHTS, type Right } from '../rights.ts'
import { errorsOf, SharedResponses } from './openapi-errors.ts'
import { LIMIT_HEADERS, limitHeaders } from './openapi-headers.ts'
import { entriesOf, type Json, jsonSchema, namedSchemas, type OpenApiVersion } from './openapi-schemas.ts'
import { webhooks } from './openapi-webhooks.ts'

const made = new Map<OpenApiVersion, Json>()

/** @param origin where this Tubewire is reached. */
export function openApi(operations: readonly Operation[], version: OpenApiVersion, origin: string): Json {
  // The same for every request but for the address.
  const description = made.get(version) ?? describe(operations, version)
  made.set(version, description)
  return { ...description, servers: [{ url: origin }] }
}

function describe(operations: readonly Operation[], version: OpenApiVersion): Json {
  const byPath = Map.groupBy(operations, ({ path }) => path.replace(/:(\w+)/g, '{$1}'))
  const shared = new SharedResponses()
  const paths = [...byPath].map(([path, here]) => [
    path,
    Object.fromEntries(
      here.map((one) => [one.method.toLowerCase(), describeOperation(one, version, shared)]),
    ),
  ])
  return {
    openapi: version === '3.0' ? '3.0.3' : '3.1.0',
    info: {
      title: 'Tubewire',
      version: VERSION,
      description:
        'Webhooks for PeerTube, with the habits of PeerTube’s own API: sessions, roles, errors, rate limits.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    servers: [],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(paths),
    ...(version === '3.1' ? { webhooks: webhooks(version) } : {}),
    components: {
      schemas: namedSchemas(version),
      headers: limitHeaders,
      responses: shared.all(),
      securitySchemes: {
        OAuth2: {
          type: 'oauth2',
          description: 'For people: the access token of a session.',
          flows: {
            password: { tokenUrl: '/api/v1/users/token', refreshUrl: '/api/v1/users/token', scopes: {} },
          },
        },
        Cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: SESSION_COOKIE,
          description:
            'For pages in a browser: the session that `addSession` begins. What changes something needs the `Origin` of this Tubewire.',
        },
        ApiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'For programs: `tw_…`, with the scope that is needed.',
        },
      },
    },
  }
}

function describeOperation(operation: Operation, version: OpenApiVersion, shared: SharedResponses): Json {
  const right: Right = RIGHTS[operation.id]
  const isOfOperator = right.scope === 'operator'
  const scope = isOfOperator || right.scope === 'session' || right.scope === 'any' ? null : right.scope
  const needs = scope === null ? '' : `API keys need the scope \`${scope}\`.`
  const description = [operation.description ?? '', needs].filter((text) => text !== '').join('\n\n')
  const parameters = parametersOf(operation, version)
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(description === '' ? {} : { description }),
    security:
      right.anonymous === 'none'
        ? [{ OAuth2: [] }, ...(isOfOperator ? [] : [{ Cookie: [] }]), ...(scope ? [{ ApiKey: [] }] : [])]
        : [],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operation.body ? { requestBody: requestBody(operation, operation.body, version) } : {}),
    responses: { ...answersOf(operation, version), ...errorsOf(operation, shared) },
  }
}

function parametersOf(operation: Operation, version: OpenApiVersion): Json[] {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  })
  return [
    ...fieldsOf(operation.params, 'path', version),
    ...fieldsOf(operation.query, 'query', version),
    ...(isCacheable(operation)
      ? [header('If-None-Match', 'The `ETag` of what you have: 304 when it still holds.')]
      : []),
    ...(operation.problems?.includes(412)
      ? [header('If-Match', 'The `ETag` of what you saw: 412 when it is no longer that.')]
      : []),
    ...(operation.method === 'POST' && operation.isRepeatable !== false
      ? [header('Idempotency-Key', 'The same key, the same answer, done once; for 24 hours.')]
      : []),
  ]
}

function fieldsOf(
  schema: v.GenericSchema | undefined,
  place: 'path' | 'query',
  version: OpenApiVersion,
): Json[] {
  return Object.entries(entriesOf(schema)).map(([name, field]) => {
    const { description: converted, ...schema } = jsonSchema(field, version)
    // What stands behind a transform is not converted.
    const inner = field.type === 'optional' && 'wrapped' in field ? (field.wrapped as v.GenericSchema) : field
    const description = converted ?? v.getDescription(inner)
    return {
      name,
      in: place,
      required: place === 'path' || field.type !== 'optional',
      ...(description === undefined ? {} : { description }),
      schema: wholeNumberOf(inner, schema) ?? schema,
    }
  })
}

/** A whole number of a query as the number that its digits mean: generated clients take one. */
function wholeNumberOf(schema: v.GenericSchema, converted: Json): Json | null {
  const { range } = v.getMetadata(schema)
  if (!range) return null
  const { default: standard } = converted
  return { type: 'integer', ...range, ...(standard === undefined ? {} : { default: Number(standard) }) }
}

function requestBody(operation: Operation, body: v.GenericSchema, version: OpenApiVersion): Json {
  const content = {
    schema: jsonSchema(body, version),
    ...(operation.example === undefined ? {} : { example: operation.example }),
  }
  const types = contentTypes(operation.bodyType ?? 'json')
  return {
    required: !operation.isBodyOptional,
    content: Object.fromEntries(types.map((type) => [type, content])),
  }
}

function answersOf(operation: Operation, version: OpenApiVersion): Json {
  const limits = operation.limit === 'none' ? {} : LIMIT_HEADERS
  const answers = Object.entries(operation.answers).map(([status, answer]) => [
    status,
    {
      description: answer.description,
      headers: { ...limits, ...headersOf(answer, isCacheable(operation) && status === '200') },
      ...contentOf(answer, version),
    },
  ])
  const notModified = isCacheable(operation)
    ? { 304: { description: 'What you have still holds.', headers: limits } }
    : {}
  return { ...Object.fromEntries(answers), ...notModified }
}

function headersOf(answer: AnswerSpec, hasTag: boolean): Json {
  const named = { ...answer.headers, ...(hasTag ? { ETag: 'For `If-None-Match` and `If-Match`.' } : {}) }
  return Object.fromEntries(
    Object.entries(named).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  )
}

function contentOf(answer: AnswerSpec, version: OpenApiVersion): Json {
  if (answer.schema) {
    const example = answer.example === undefined ? {} : { example: answer.example }
    const media = { schema: jsonSchema(answer.schema, version), ...example }
    const types = answer.contentTypes ?? ['application/json']
    return { content: Object.fromEntries(types.map((type) => [type, media])) }
  }
  if (!answer.contentTypes) return {}
  return {
    content: Object.fromEntries(
      answer.contentTypes.map((type) => [
        type,
        {
          schema: /[/+]json$/.test(type)
            ? { type: 'object', additionalProperties: true }
            : { type: 'string' },
        },
      ]),
    ),
  }
}

/** Whether a read carries an entity tag. */
function isCacheable({ method, answers }: Operation): boolean {
  return method === 'GET' && answers[200] !== undefined && !isStream(answers[200])
}

/** What is sent as it is read, so that nobody knows its tag before its end. */
const STREAMS = ['text/csv', 'application/x-ndjson', 'text/event-stream']

function isStream({ contentTypes: types = [] }: AnswerSpec): boolean {
  return types.some((type) => STREAMS.includes(type))
}
