/**
 * @module The API described in OpenAPI: made of the operations and of the schemas that validate, so that it can't say anything
 * else than what is done. docs/decisions/007 says why no generator of a framework makes it.
 */
import * as v from 'valibot'
import { VERSION } from '../version.ts'
import { contentTypes } from './body.ts'
import { Event, exampleEvent } from './event-view.ts'
import { type Json, jsonSchema, namedSchemas, type OpenApiVersion } from './openapi-schemas.ts'
import { type AnswerSpec, type Operation, TAGS } from './operation.ts'
import { PROBLEM_CODES, statusOf } from './problem-codes.ts'
import { RIGHTS, type Right } from './rights.ts'

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
  const scope = right.scope === 'session' || right.scope === 'any' ? null : right.scope
  const needs = scope === null ? '' : `API keys need the scope \`${scope}\`.`
  const description = [operation.description ?? '', needs].filter((text) => text !== '').join('\n\n')
  const parameters = parametersOf(operation, version)
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(description === '' ? {} : { description }),
    security: right.anonymous === 'none' ? [{ OAuth2: [] }, ...(scope ? [{ ApiKey: [] }] : [])] : [],
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

/** The fields of an object schema. */
export function entriesOf(schema: v.GenericSchema | undefined): Record<string, v.GenericSchema> {
  // Parameters and bodies are declared as objects, whose entries are schemas.
  return schema && 'entries' in schema ? (schema.entries as Record<string, v.GenericSchema>) : {}
}

function requestBody(operation: Operation, body: v.GenericSchema, version: OpenApiVersion): Json {
  const content = {
    schema: jsonSchema(body, version),
    ...(operation.example === undefined ? {} : { example: operation.example }),
  }
  const types = contentTypes(operation.bodyType ?? 'json')
  return { required: true, content: Object.fromEntries(types.map((type) => [type, content])) }
}

const LIMIT_HEADERS = {
  'X-RateLimit-Limit': { $ref: '#/components/headers/X-RateLimit-Limit' },
  'X-RateLimit-Remaining': { $ref: '#/components/headers/X-RateLimit-Remaining' },
  'X-RateLimit-Reset': { $ref: '#/components/headers/X-RateLimit-Reset' },
}

const integerHeader = (description: string) => ({ description, schema: { type: 'integer' } })
const limitHeaders = {
  'X-RateLimit-Limit': integerHeader('Number of max requests allowed in the current time period.'),
  'X-RateLimit-Remaining': integerHeader('Number of remaining requests in the current time period.'),
  'X-RateLimit-Reset': integerHeader('Timestamp of end of current time period as UNIX timestamp.'),
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
    return { content: { 'application/json': { schema: jsonSchema(answer.schema, version), ...example } } }
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

function isStream({ contentTypes: types = [] }: AnswerSpec): boolean {
  return types.some((type) => type === 'text/csv' || type === 'application/x-ndjson')
}

/** What can go wrong, by status, each with the codes that tell more. */
function errorsOf(operation: Operation, shared: SharedResponses): Json {
  const right: Right = RIGHTS[operation.id]
  const isLimited = operation.limit !== 'none'
  const common: (number | keyof typeof PROBLEM_CODES)[] = [
    ...(operation.params || operation.query || operation.body ? [400] : []),
    ...(right.anonymous === 'none'
      ? (['unauthorized_request', 'invalid_token', 'insufficient_rights'] as const)
      : []),
    ...(right.anonymous === 'none' && right.scope === 'session' ? (['session_required'] as const) : []),
    ...(right.anonymous === 'none' && right.scope !== 'session' ? (['insufficient_scope'] as const) : []),
    ...(operation.body ? [413, 415] : []),
    ...(operation.method === 'POST' && operation.isRepeatable !== false
      ? (['idempotency_in_progress', 'idempotency_interrupted', 'idempotency_other_request'] as const)
      : []),
    ...(isLimited ? [429] : []),
    500,
    'not_configured',
  ]
  const all = [...new Set([...common, ...(operation.problems ?? [])])]
  const byStatus = Map.groupBy(all, (what) => (typeof what === 'number' ? what : statusOf(what)))
  return Object.fromEntries(
    [...byStatus].map(([status, whats]) => [
      status,
      shared.reference(status, {
        description: describeErrors(
          status,
          whats.filter((what) => typeof what === 'string'),
        ),
        headers: {
          ...(isLimited && status !== 500 ? LIMIT_HEADERS : {}),
          ...(status === 429 || status === 503
            ? { 'Retry-After': integerHeader('Seconds to delay after the first `429` is received.') }
            : {}),
          ...(status === 401 ? { 'WWW-Authenticate': { schema: { type: 'string' } } } : {}),
        },
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }),
    ]),
  )
}

/** Answers that many operations have in common, said once. */
class SharedResponses {
  private readonly names = new Map<string, string>()

  /** A reference to a response of this status. */
  reference(status: number, response: Json): Json {
    const text = JSON.stringify(response)
    const before = [...this.names.values()].filter((name) => name.startsWith(`Error${status}`)).length
    const name = this.names.get(text) ?? `Error${status}${before === 0 ? '' : `_${before + 1}`}`
    this.names.set(text, name)
    return { $ref: `#/components/responses/${name}` }
  }

  all(): Json {
    return Object.fromEntries([...this.names].map(([text, name]) => [name, JSON.parse(text)]))
  }
}

const WORDS: Readonly<Record<number, string>> = {
  400: 'Parameters are wrong: `invalid-params` names all of them.',
  401: 'Who calls is not known.',
  403: 'The caller may not.',
  404: 'There is no such thing, or it is somebody else’s.',
  409: 'It was changed meanwhile.',
  412: 'It is not what you saw.',
  413: 'The body is longer than 1 MB.',
  415: 'The body is not called what it must be.',
  422: 'It can not be done.',
  429: 'Too many requests.',
  500: 'A mistake of ours: `detail` has an id that is in the log.',
  503: 'Not right now.',
}

function describeErrors(status: number, codes: readonly (keyof typeof PROBLEM_CODES)[]): string {
  const words = codes.map((code) => `\`${code}\`: ${PROBLEM_CODES[code].means}`)
  return [WORDS[status] ?? 'Refused.', ...words].join('\n\n')
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** What endpoints are sent: one webhook for each type of event. */
function webhooks(version: OpenApiVersion): Json {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: true,
    description,
    schema: { type: 'string' },
  })
  const { type } = entriesOf(Event)
  const types = type && 'options' in type ? (type.options as string[]) : []
  return Object.fromEntries(
    types.map((name) => [
      name,
      {
        post: {
          operationId: `on${name.split('.').map(capitalise).join('')}`,
          tags: ['Events'],
          summary: `What an endpoint is sent of ${name}`,
          description: 'Signed as Standard Webhooks 1.0 has it, and tried ten times over three days.',
          security: [],
          parameters: [
            header('webhook-id', 'The id of the event: the same in every attempt.'),
            header('webhook-timestamp', 'UNIX seconds of the attempt.'),
            header('webhook-signature', '`v1,` and HMAC-SHA-256 of id, timestamp and body, in base64.'),
          ],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(Event, version), example: exampleEvent } },
          },
          responses: {
            '2XX': { description: 'It has arrived.' },
            default: { description: 'It is sent again later.' },
          },
        },
      },
    ]),
  )
}
