/** @module The description in OpenAPI 3.0: for generators, and nothing in it that they were seen to stumble over. */
import { describe, expect, it } from 'vitest'
import { openApi } from '../../src/api/openapi/openapi.ts'
import { OPERATIONS } from '../../src/api/operations.ts'

type Found = { path: string; schema: Record<string, unknown> }

/** Every object in it, with where it is. */
function objects(value: unknown, path = ''): Found[] {
  if (typeof value !== 'object' || value === null) return []
  const below = Object.entries(value).flatMap(([name, one]) => objects(one, `${path}/${name}`))
  return Array.isArray(value) ? below : [{ path, schema: { ...value } }, ...below]
}

const described = (version: '3.0' | '3.1') =>
  objects(openApi(OPERATIONS, version, 'https://tubewire.example'))
const at = (found: readonly Found[], end: string) => found.find(({ path }) => path.endsWith(end))?.schema

describe('OpenAPI 3.0', () => {
  const found = described('3.0')

  it('has no enum but of texts, none with null in it, and no anyOf', () => {
    const enums = found.filter(({ schema }) => Array.isArray(schema['enum']))
    expect(enums.length).toBeGreaterThan(10)
    expect(enums.filter(({ schema }) => schema['type'] !== 'string' || schema['nullable'])).toEqual([])
    expect(found.filter(({ schema }) => Array.isArray(schema['anyOf']))).toEqual([])
  })

  it('says in words which values there are', () => {
    expect(at(found, '/schemas/Endpoint/properties/pausedBy')).toEqual({
      type: 'string',
      nullable: true,
      description:
        'Who paused it; `block`: the account of its owner is blocked. One of `owner`, `moderator`, `block`, or null.',
    })
    expect(at(found, '/schemas/User/properties/role/properties/id')).toEqual({
      type: 'integer',
      description: 'One of `0`, `1`, `2`.',
    })
  })

  it('has nothing beside a reference, where nothing counts, and no null without a type', () => {
    const beside = found.filter(({ schema }) => '$ref' in schema && Object.keys(schema).length > 1)
    expect(beside.map(({ path }) => path)).toEqual([])
    const untyped = found.filter(({ schema }) => schema['nullable'] === true && !('type' in schema))
    expect(untyped.map(({ path }) => path)).toEqual([])
    expect(at(found, '/schemas/Comment/properties/account')).toMatchObject({
      type: 'object',
      nullable: true,
      allOf: [{ $ref: '#/components/schemas/Actor' }],
    })
  })

  it('leaves open what may be of several types', () => {
    expect(at(found, '/invalid-params/additionalProperties/properties/value')).not.toHaveProperty('type')
  })
})

describe.each(['3.0', '3.1'] as const)('OpenAPI %s', (version) => {
  it('has whole numbers of a query as numbers, with their bounds, and what each parameter is', () => {
    const parameters = described(version).filter(({ schema }) => schema['in'] === 'query')
    expect(parameters.filter(({ schema }) => schema['name'] === 'count')[0]?.schema).toEqual({
      name: 'count',
      in: 'query',
      required: false,
      description: 'How many, 0 to 100.',
      schema: { type: 'integer', minimum: 0, maximum: 100, default: 15 },
    })
    expect(parameters.find(({ schema }) => schema['name'] === 'since')?.schema['description']).toBe(
      'Seen at this time or later.',
    )
  })
})
