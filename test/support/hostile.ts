/** @module Values that no instance should send. */
import fc from 'fast-check'

const nasty = fc.constantFrom<unknown>(
  null,
  -1,
  0,
  1.5,
  Number.POSITIVE_INFINITY,
  2 ** 60,
  '',
  '\u0000',
  'x'.repeat(50_000),
  '\ud800',
  '2026-02-31T99:00:00Z',
  '-271821-04-20T00:00:00.000Z',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '>'.repeat(10_000),
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}'),
  [],
  {},
)

/** Anything that JSON can say, and more. */
export const anyValue = fc.oneof(nasty, fc.anything({ maxDepth: 3 }), fc.jsonValue())

/** This item with some of its fields, at any depth, put for others. */
export function spoiled(item: unknown): fc.Arbitrary<unknown> {
  const paths = pathsOf(item)
  const spot = fc.tuple(fc.constantFrom(...paths), anyValue)
  return fc.array(spot, { minLength: 1, maxLength: 3 }).map((spots) => {
    const copy: unknown = structuredClone(item)
    return spots.reduce((value, [path, put]) => replaceAt(value, path, put), copy)
  })
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (!isContainer(value)) return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))]
}

function replaceAt(value: unknown, [key, ...rest]: string[], put: unknown): unknown {
  if (key === undefined) return put
  if (!isContainer(value)) return value
  const inner = replaceAt(value[key], rest, put)
  return Array.isArray(value)
    ? value.map((item, index) => (String(index) === key ? inner : item))
    : { ...value, [key]: inner }
}
