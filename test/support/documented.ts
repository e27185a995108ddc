/** @module Holds every answer that a test gets against the API's own description: what it says must be what is done. */
import { Validator } from '@cfworker/json-schema'
import { expect } from 'vitest'
import { openApi } from '../../src/api/openapi/openapi.ts'
import { OPERATIONS } from '../../src/api/operations.ts'

type Media = { schema?: object }
type Response = { $ref?: string; content?: Record<string, Media>; headers?: Record<string, unknown> }
type Description = {
  paths: Record<string, Record<string, { responses: Record<string, Response> }>>
  components: { responses: Record<string, Response> }
}

// Its shape is what openapi.ts makes: the properties that are read here are made there.
const description = openApi(OPERATIONS, '3.1', 'https://tubewire.example') as unknown as Description

const PATTERNS = Object.keys(description.paths).map((path) => ({
  path,
  pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
}))

/** Statuses that any path may answer without being one of its operations: a wrong path or method. */
const OF_THE_ROUTER = [404, 405]

/**
 * Fails the test when an answer is not as documented: its status, its content type, its body.
 * @param text the body as it came.
 */
export function expectDocumented(
  method: string,
  url: string,
  response: globalThis.Response,
  text: string,
): void {
  const { pathname } = new URL(url)
  const where = `${method} ${pathname} ${response.status}`
  // The most exact path first: `/users/me` is none of `/users/{id}`.
  const path = PATTERNS.filter(({ pattern }) => pattern.test(pathname)).sort(
    (a, b) => a.path.split('{').length - b.path.split('{').length,
  )[0]?.path
  const operation = path && description.paths[path]?.[(method === 'HEAD' ? 'GET' : method).toLowerCase()]
  if (!operation) {
    if (method === 'OPTIONS') return
    expect(OF_THE_ROUTER.concat(429, 503), where).toContain(response.status)
    expectProblem(where, response, text)
    return
  }
  const said = operation.responses[response.status]
  const documented = said?.$ref ? description.components.responses[said.$ref.split('/').at(-1) ?? ''] : said
  expect(documented, `${where} is not documented`).toBeDefined()
  const types = Object.keys(documented?.content ?? {})
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  if (response.status >= 400 && !(/^text\/(html|plain)$/.test(type) && types.includes(type))) {
    expectProblem(where, response, text)
    return
  }
  if (text === '' || method === 'HEAD') return
  expect(types, where).toContain(type)
  const schema = documented?.content?.[type]?.schema
  if (schema && /[/+]json$/.test(type)) expectValid(where, schema, JSON.parse(text))
}

function expectProblem(where: string, response: globalThis.Response, text: string): void {
  expect(response.headers.get('content-type'), where).toBe('application/problem+json; charset=utf-8')
  if (text !== '') expectValid(where, { $ref: '#/components/schemas/Problem' }, JSON.parse(text))
}

const validators = new Map<string, Validator>()

/** @param schema one of the description, whose references lead into its components. */
export function expectValid(where: string, schema: object, value: unknown): void {
  const key = JSON.stringify(schema)
  const validator =
    validators.get(key) ?? new Validator({ ...schema, components: description.components }, '2020-12', false)
  validators.set(key, validator)
  const { valid, errors } = validator.validate(value)
  expect(valid ? [] : errors, where).toEqual([])
}
