/**
 * @module Every route, with input that nobody should send: made from its own schemas, a right request broken in one place. It is
 * always refused as documented, never a 500, and no row is changed.
 */
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { entriesOf, jsonSchema } from '../../src/api/openapi/openapi-schemas.ts'
import type { Operation } from '../../src/api/operation.ts'
import { OPERATIONS } from '../../src/api/operations.ts'
import { contentTypes } from '../../src/api/request/body.ts'
import { forgetAll, generous, KEY, sendTo } from '../support/call.ts'
import { testDeps } from '../support/harness.ts'

const open = generous(testDeps().deps)

beforeAll(forgetAll)

/** Everything that is stored. */
async function snapshot(): Promise<string> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
  ).all<{ name: string }>()
  const tables = await env.DB.batch(results.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`)))
  return JSON.stringify(tables.map(({ results: rows }) => rows))
}

/** Texts that mean something to somebody on the way: SQL, a header, a path, a template, a script. */
const HOSTILE_TEXTS = [
  "' OR '1'='1",
  "'; DROP TABLE users; --",
  '" UNION SELECT password_hash FROM users --',
  '../../../../etc/passwd',
  '..\\..\\windows',
  '%2e%2e%2f',
  'x\r\nSet-Cookie: a=b',
  'x\nBcc: all@example.com',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff x',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'x'.repeat(100_000),
  '\u202Egnp.exe',
  '９'.repeat(5),
  '-1',
  '1e309',
  '9223372036854775808',
  'NaN',
  '0x10',
  ' 1',
  '',
]
const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 50 }))

const isWrongType = (schema: Record<string, unknown>, value: unknown): boolean => {
  if ('const' in schema) return value !== schema['const']
  const types = [
    schema['type'],
    ...((schema['anyOf'] ?? []) as { type?: string }[]).map(({ type }) => type),
  ].flat()
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return !types.includes(type) && !(types.includes('integer') && Number.isSafeInteger(value))
}
const anyValue = fc.constantFrom<unknown>(
  null,
  true,
  7,
  -1.5,
  1e300,
  2 ** 63,
  'text',
  [],
  ['x'],
  {},
  { a: { b: [1] } },
)

type Broken = { path: string; headers: Record<string, string>; body: string | undefined; what: string }

/** A right request, as the examples have it. */
function right(operation: Operation): Broken & { fields: Record<string, unknown> } {
  const path = operation.path.replace(/:(\w+)/g, (_, name: string) =>
    name === 'id' ? `${prefixOf(operation)}_x` : 'x',
  )
  const type = contentTypes(operation.bodyType ?? 'json')[0] ?? ''
  const fields = (operation.example ?? {}) as Record<string, unknown>
  return {
    what: 'right',
    path,
    headers: { authorization: `Bearer ${KEY}`, ...(operation.body ? { 'content-type': type } : {}) },
    body: operation.body ? encode(operation, fields) : undefined,
    fields,
  }
}

function prefixOf(operation: Operation): string {
  const pattern = JSON.stringify(operation.params ? jsonSchema(operation.params, '3.1') : {})
  return /\^(\w+?)_\[/.exec(pattern)?.[1] ?? 'x'
}

function encode(operation: Operation, fields: Record<string, unknown>): string {
  if (operation.bodyType !== 'form') return JSON.stringify(fields)
  return String(new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])))
}

/** Ways to break a request so that it can't be right any more. */
function breakers(operation: Operation): fc.Arbitrary<Broken>[] {
  const base = right(operation)
  const isJson = operation.body !== undefined && operation.bodyType !== 'form'
  const ways: fc.Arbitrary<Broken>[] = []
  if (base.path !== operation.path) {
    // A path whose id is none: what is encoded stays one part of the path.
    ways.push(
      text
        .filter((value) => !/^[\w-]*$/.test(value.toWellFormed()) && value.length < 5_000)
        .map((value) => ({
          ...base,
          what: `id ${JSON.stringify(value)}`,
          path: operation.path.replace(/:\w+/g, encodeURIComponent(value.toWellFormed())),
        })),
    )
  }
  if (operation.query && 'rest' in operation.query === false && isStrict(operation.query)) {
    ways.push(
      fc
        .tuple(fc.constantFrom('colour', '__proto__', 'constructor', 'limit[]', 'id;DROP TABLE users'), text)
        .map(([name, value]) => ({
          ...base,
          what: `unknown ${name}`,
          path: `${base.path}?${new URLSearchParams([[name, value.toWellFormed()]])}`,
        })),
    )
    // A name that may come twice takes a list.
    const parameters = jsonSchema(operation.query, '3.1') as {
      properties?: Record<string, Record<string, unknown>>
    }
    const names = Object.entries(parameters.properties ?? {}).flatMap(([name, schema]) =>
      isWrongType(schema, ['1', '2']) ? [name] : [],
    )
    if (names.length > 0)
      ways.push(
        fc.constantFrom(...names).map((name) => ({
          ...base,
          what: `${name} twice`,
          path: `${base.path}?${name}=1&${name}=2`,
        })),
      )
  }
  if (!isJson || !operation.body) return ways
  const body = jsonSchema(operation.body, '3.1') as { properties?: Record<string, Record<string, unknown>> }
  const properties = Object.entries(body.properties ?? {})
  const json = base.body ?? '{}'
  ways.push(
    fc
      .constantFrom(
        ['cut off', json.slice(0, -1)],
        ['two', `${json}${json}`],
        ['a list', `[${json}]`],
        ['null', 'null'],
        ['a text', '"x"'],
        ['nothing', ''],
        ['deep', '['.repeat(100_000)],
        ['deep objects', '{"a":'.repeat(20_000)],
        ['10 MB', `{"x":"${'x'.repeat(10_000_000)}"}`],
        ['a comment', `/**/${json}`],
        ['a byte order mark and more', `\ufeff\ufeff${json}`],
        ['__proto__', json.replace(/^\{/, '{"__proto__":{"isAdmin":true},').replace(',}', '}')],
        ['an unknown field', json.replace(/^\{/, '{"colour":"red",').replace(',}', '}')],
      )
      .map(([what = '', sent = '']) => ({ ...base, what, body: sent })),
  )
  if (properties.length > 0) {
    const property = fc.constantFrom(...properties)
    ways.push(
      fc
        .tuple(property, anyValue)
        .filter(([[, schema], value]) => isWrongType(schema, value))
        .map(([[name], value]) => ({
          ...base,
          what: `${name} as ${JSON.stringify(value)}`,
          body: JSON.stringify({ ...base.fields, [name]: value }),
        })),
      // The same field twice: whoever reads the first and whoever reads the last do different things.
      property.map(([name]) => ({
        ...base,
        what: `${name} twice`,
        body: `{${[name, name].map((key) => `"${key}":${JSON.stringify(base.fields[name] ?? null)}`).join()}}`,
      })),
    )
    const texts = properties.filter(([, schema]) => schema['type'] === 'string' && !schema['enum'])
    if (texts.length > 0)
      ways.push(
        fc
          .tuple(
            fc.constantFrom(...texts),
            fc.constantFrom('a\u0000b', '\ud800', 'x'.repeat(900_000), '\u0007'),
          )
          .map(([[name], value]) => ({
            ...base,
            what: `${name} hostile`,
            body: JSON.stringify({ ...base.fields, [name]: value }),
          })),
      )
  }
  return ways
}

function isStrict(schema: object): boolean {
  return 'type' in schema && schema.type === 'strict_object'
}

const BROKEN = OPERATIONS.flatMap((operation) => {
  const ways = breakers(operation)
  return ways.length > 0 ? [[operation.id, operation, fc.oneof(...ways)] as const] : []
})

describe.each(BROKEN)('%s', (_id, operation, broken) => {
  it('refuses what is wrong, as documented, and changes nothing', async () => {
    const before = await snapshot()
    await fc.assert(
      fc.asyncProperty(broken, async ({ path, headers, body, what }) => {
        const response = await sendTo(open, operation.method, path, headers, body)
        await response.body?.cancel()
        expect(response.status, what).toBeGreaterThanOrEqual(400)
        expect(response.status, what).toBeLessThan(500)
      }),
      { numRuns: 25 },
    )
    expect(await snapshot()).toBe(before)
  })
})

const READS = OPERATIONS.filter(({ method, query }) => method === 'GET' && query)

describe.each(READS.map((operation) => [operation.id, operation] as const))('%s', (_id, operation) => {
  it('takes any text in its query for a text: it is answered or refused, and nothing is changed', async () => {
    const before = await snapshot()
    const names = Object.keys(entriesOf(operation.query))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), text, async (name, value) => {
        const query = new URLSearchParams([[name, value.toWellFormed()]])
        const { path, headers } = right(operation)
        const response = await sendTo(open, 'GET', `${path}?${query}`, headers)
        await response.body?.cancel()
        expect(response.status, `${name}=${JSON.stringify(value)}`).toBeLessThan(500)
      }),
      { numRuns: 50 },
    )
    expect(await snapshot()).toBe(before)
  })
})

/** What a header may hold at all: bytes, and no line ends. */
const headerText = fc.oneof(
  fc.constantFrom(
    "' OR '1'='1",
    '"; DROP TABLE users; --',
    '*',
    'W/"',
    '"'.repeat(1_000),
    'Bearer '.repeat(1_000),
    'x'.repeat(20_000),
    'Bearer tw_'.concat('0'.repeat(40)),
    `Bearer ${'0'.repeat(40)}`,
    '..%2f..%2f',
    '\u00ff\u00fe',
    ' , , ,',
  ),
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  }),
)
const HEADERS = [
  'authorization',
  'cookie',
  'x-request-id',
  'if-none-match',
  'if-match',
  'idempotency-key',
  'cf-connecting-ip',
  'content-type',
  'accept',
  'origin',
  'access-control-request-method',
]

describe.each(OPERATIONS.map((operation) => [operation.id, operation] as const))('%s', (_id, operation) => {
  it('takes any header for what it is: never a 500', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...HEADERS), headerText, async (name, value) => {
        const { path, headers, body } = right(operation)
        // Changes are asked for by nobody known, so that none is done.
        const { authorization, ...others } = headers
        const known = operation.method === 'GET' ? { authorization: authorization ?? '' } : {}
        const sent = { ...known, ...others, [name]: value }
        const isBodyless =
          operation.body &&
          (operation.limit !== undefined || ['addInstance', 'addSource'].includes(operation.id))
        const response = await sendTo(open, operation.method, path, sent, isBodyless ? '{' : body)
        await response.body?.cancel()
        expect(response.status, `${name}: ${JSON.stringify(value)}`).toBeLessThan(500)
      }),
      { numRuns: 10 },
    )
  })
})

const FORMS = OPERATIONS.filter(({ bodyType }) => bodyType === 'form')

describe.each(FORMS.map((operation) => [operation.id, operation] as const))('%s', (_id, operation) => {
  it('refuses a form that is wrong, and changes nothing', async () => {
    const { path, headers, fields } = right(operation)
    const names = Object.keys(fields)
    const broken = fc.oneof(
      fc
        .tuple(fc.constantFrom(...names), text)
        .map(([name, value]) => ({ ...fields, [name]: value.toWellFormed() })),
      fc.constantFrom(...names).map((name) => ({ ...fields, [name]: '' })),
    )
    const before = await snapshot()
    await fc.assert(
      fc.asyncProperty(broken, async (form) => {
        const body = String(
          new URLSearchParams(Object.entries(form).map(([name, value]) => [name, String(value)])),
        )
        const response = await sendTo(open, 'POST', path, headers, body)
        await response.body?.cancel()
        expect(response.status).toBeLessThan(500)
      }),
      { numRuns: 15 },
    )
    for (const body of ['%', '%zz=%', 'a=%ff%fe', '&&&===', `${names[0]}=1&${names[0]}=2`, '\u0000'])
      expect((await sendTo(open, 'POST', path, headers, body)).status, body).toBe(400)
    expect(await snapshot()).toBe(before)
  })
})

describe('Text that is legal and looks hostile', () => {
  it.each(
    HOSTILE_TEXTS.filter((value) => value.isWellFormed() && !/\p{Cc}/u.test(value) && value.length <= 500),
  )('%j is stored and given back as it is', async (description) => {
    await forgetAll()
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
    const made = await sendTo(open, 'POST', '/api/v1/endpoints', headers, {
      url: 'http://localhost:1/',
      description,
    })
    expect(made.status).toBe(201)
    const body: { description: string } = await made.json()
    expect(body.description).toBe(description)
  })
})
