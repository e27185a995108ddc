/** @module The errors of an operation in OpenAPI: what can go wrong, by status, each with the codes that tell more. */

import type { Operation } from '../operation.ts'
import { PROBLEM_CODES, statusOf } from '../problem-codes.ts'
import { RIGHTS, type Right } from '../rights.ts'
import { integerHeader, LIMIT_HEADERS } from './openapi-headers.ts'
import type { Json } from './openapi-schemas.ts'

/** What is said to a key that is not the right one. */
function refusalOf({ scope }: Right) {
  if (scope === 'session') return 'session_required'
  return scope === 'operator' ? 'operator_required' : 'insufficient_scope'
}

/** Responses by status. @param shared collects what many operations have in common. */
export function errorsOf(operation: Operation, shared: SharedResponses): Json {
  const right: Right = RIGHTS[operation.id]
  const isLimited = operation.limit !== 'none'
  // What a person looks at says in sentences what is wrong.
  const isPage = operation.answers[200]?.contentTypes?.includes('text/html') ?? false
  const common: (number | keyof typeof PROBLEM_CODES)[] = [
    400,
    ...(right.anonymous === 'none'
      ? (['unauthorized_request', 'invalid_token', 'session_superseded', 'insufficient_rights'] as const)
      : []),
    ...(right.anonymous === 'none' ? ([refusalOf(right)] as const) : []),
    ...(right.anonymous === 'none' && (operation.method !== 'GET' || operation.answers[101])
      ? (['cross_origin'] as const)
      : []),
    ...(operation.method === 'GET' ? [] : [413]),
    ...(operation.body ? [415] : []),
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
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
          ...(isPage && status < 500 ? { 'text/html': {} } : {}),
          ...(operation.errorType ? { [operation.errorType]: {} } : {}),
        },
      }),
    ]),
  )
}

/** Answers that many operations have in common, said once. */
export class SharedResponses {
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
