/** @module What a request says: its path, query, headers and body, all judged together. */
import * as v from 'valibot'
import type { Deps } from '../../workers/deps.ts'
import type { Operation } from '../operation.ts'
import { invalidParams } from '../problem.ts'
import { type Body, readBody, refuseLongBody } from './body.ts'
import { fieldsOf } from './form.ts'
import { IDEMPOTENCY_KEY } from './idempotency.ts'
import type { Passage } from './passage.ts'
import { invalid, type Part, parseParts } from './validate.ts'

/**
 * Reads what an operation is called with.
 * @throws Problem 400 naming every parameter that is wrong; 413 and 415 for a body that is not read.
 */
export async function readInput(
  { request, path, deps }: Passage,
  operation: Operation,
): Promise<{ body: Body | null; values: { params: unknown; query: unknown; body: unknown } }> {
  const schema = bodySchema(operation, deps)
  const body = schema ? await readBody(request, operation) : null
  if (!schema) refuseLongBody(request)
  const key = request.headers.get('idempotency-key')
  const isKeyWrong = key !== null && operation.method === 'POST' && !IDEMPOTENCY_KEY.test(key)
  const known = {
    ...(isKeyWrong ? invalid('header', 'Idempotency-Key', 'must be up to 255 visible ASCII characters') : {}),
    ...body?.wrong,
  }
  const parts: (Part | null)[] = [
    operation.params
      ? { location: 'params', schema: operation.params, input: paramsOf(operation.path, path) }
      : null,
    {
      location: 'query',
      schema: operation.query ?? NO_QUERY,
      input: fieldsOf(new URL(request.url).searchParams, 'query'),
      isFields: true,
    },
    schema && !body?.wrong
      ? { location: 'body', schema, input: body?.value, isFields: operation.bodyType === 'form' }
      : null,
  ]
  const outputs = parseParts(
    parts.filter((part) => part !== null),
    known,
  )
  const [params, query, parsedBody] = parts.map((part) => (part ? outputs.shift() : undefined))
  const values = { params, query, body: parsedBody }
  const combined = operation.combine?.(values)
  if (combined) throw invalidParams(combined)
  return { body, values }
}

/** What a query must be where an operation has none. */
const NO_QUERY = v.strictObject({})

/** Which addresses a body may name depends on where this runs. */
function bodySchema({ body, localBody }: Operation, { config }: Deps): v.GenericSchema | undefined {
  return config.allowLocalTargets ? (localBody ?? body) : body
}

/** The parts of a path that its pattern names. What can't be decoded stays as it is: no id looks like that. */
function paramsOf(pattern: string, path: string): Record<string, string> {
  const params: Record<string, string> = Object.create(null)
  const parts = path.split('/')
  pattern.split('/').forEach((name, index) => {
    if (name.startsWith(':')) params[name.slice(1)] = decode(parts[index] ?? '')
  })
  return params
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
