/** @module /api/v1/api-keys: keys for programs. */
import * as v from 'valibot'
import {
  API_KEY_SORTS,
  type ApiKey,
  deleteKey,
  findOwnKey,
  insertKey,
  listKeys,
  updateKey,
} from '../db/api-keys.ts'
import { newId } from '../db/id.ts'
import { digest, newApiKey } from '../tokens.ts'
import { auditOf } from './audit-entry.ts'
import { idParams, list, listQuery, Owner, Time, TimeInput, text } from './fields.ts'
import { answerList, listQueryOf, ownerOf } from './lists.ts'
import { created, type Input, isOperator, noContent, ok, operation, userOf } from './operation.ts'
import { full, invalidParams, notFound, shutOut } from './problem.ts'
import {
  changedMeanwhile,
  changesAnything,
  checkIfMatch,
  notRemoved,
  revisionFor,
} from './request/conditional.ts'
import { invalid } from './request/validate.ts'
import { SCOPES, type Scope } from './rights.ts'
import { time } from './time.ts'

// `Object.keys` of a constant object gives its keys and nothing else.
const SCOPE_NAMES = Object.keys(SCOPES) as [Scope, ...Scope[]]

const Scopes = v.pipe(
  v.array(v.picklist(SCOPE_NAMES, `must be one of ${SCOPE_NAMES.join(', ')}`), 'must be a list of scopes'),
  v.minLength(1, 'must name at least one scope'),
  v.maxLength(SCOPE_NAMES.length, 'names a scope twice'),
  v.check((scopes) => new Set(scopes).size === scopes.length, 'names a scope twice'),
  v.description('What it may do.'),
)
const Name = v.pipe(text(100), v.minLength(1, 'must not be empty'), v.description('For people.'))
const RateLimit = v.nullable(
  v.pipe(
    v.number('must be a number'),
    v.integer('must be a whole number'),
    v.minValue(1, 'must be at least 1'),
    v.maxValue(1_000_000, 'must be at most 1000000'),
    v.description(
      'Requests in the time frame of the API’s limit. Null: as everybody. More than everybody’s is for administrators.',
    ),
  ),
)
const ExpiresAt = v.nullable(
  v.pipe(TimeInput, v.description('From then on it no longer holds; null: never.')),
)

const fields = {
  id: v.string(),
  owner: v.string(),
  name: v.string(),
  hint: v.pipe(v.string(), v.description('Its first letters.')),
  scopes: v.array(v.string()),
  rateLimit: v.nullable(v.pipe(v.number(), v.integer())),
  expiresAt: v.nullable(Time),
  lastUsedAt: v.nullable(v.pipe(Time, v.description('To the minute.'))),
  createdAt: Time,
  updatedAt: Time,
}
export const ShownApiKey = v.strictObject(fields)
const example = {
  id: 'key_9f86d081884c7d659a2feaa0',
  owner: 'usr_9f86d081884c7d659a2feaa0',
  name: 'Dashboard of the office',
  hint: 'tw_4f0a',
  scopes: ['events:read'],
  rateLimit: null,
  expiresAt: '2027-11-25T10:00:00.000Z',
  lastUsedAt: null,
  createdAt: '2026-11-25T10:00:00.000Z',
  updatedAt: '2026-11-25T10:00:00.000Z',
}
const one = { description: 'The key, without itself.', schema: ShownApiKey, example }
const params = idParams('key', 'an API key')

/** How many somebody may have: each is counted for itself. */
const MOST_KEYS = 50

export const apiKeyOperations = [
  operation({
    id: 'getApiKeys',
    method: 'GET',
    path: '/api/v1/api-keys',
    tag: 'API keys',
    summary: 'List keys',
    query: v.strictObject({ ...listQuery(API_KEY_SORTS), owner: Owner }),
    answers: {
      200: {
        description: 'A page of keys.',
        schema: list(ShownApiKey),
        example: { total: 1, data: [example] },
      },
    },
    async handle(input) {
      const { query, deps, reach } = input
      const owner = ownerOf(query.owner, userOf(input).id, reach)
      return answerList(() => listKeys(deps.env.DB, owner, listQueryOf(query)), show)
    },
  }),
  operation({
    id: 'addApiKey',
    method: 'POST',
    path: '/api/v1/api-keys',
    tag: 'API keys',
    summary: 'Make a key',
    description: 'The key is in this answer, and never shown again.',
    body: v.strictObject({
      name: Name,
      scopes: Scopes,
      rateLimit: v.optional(RateLimit, null),
      expiresAt: v.optional(ExpiresAt, null),
    }),
    example: { name: 'Dashboard of the office', scopes: ['events:read'], expiresAt: '2027-11-25T10:00:00Z' },
    problems: ['too_many', 'owner_shut_out'],
    answers: {
      201: {
        description: 'The key.',
        schema: v.strictObject({
          ...fields,
          key: v.pipe(v.string(), v.description('Send it as `Authorization: Bearer tw_…`.')),
        }),
        headers: { Location: 'Its path.' },
        example: { ...example, key: 'tw_4f0a9c81b2d7e6f50123456789abcdef01234567' },
      },
    },
    async handle(input) {
      const { body, deps } = input
      refuseGreed(input, body.rateLimit)
      refusePast(input, body.expiresAt)
      const now = deps.clock()
      const key = newApiKey()
      const id = newId('key')
      const ownerId = userOf(input).id
      const made = await insertKey(
        deps.env.DB,
        {
          id,
          ownerId,
          name: body.name,
          hash: await digest(key),
          hint: key.slice(0, 7),
          scopes: body.scopes,
          rateLimit: body.rateLimit,
          expiresAt: body.expiresAt,
          createdAt: now,
        },
        auditOf(input, id),
        { most: MOST_KEYS, evenShutOut: isOperator(input) },
      )
      if (made === 'full') throw full('API keys', MOST_KEYS)
      if (made === 'owner-shut-out') throw shutOut(ownerId)
      return created(`/api/v1/api-keys/${id}`, { ...show(made), key })
    },
  }),
  operation({
    id: 'getApiKey',
    method: 'GET',
    path: '/api/v1/api-keys/:id',
    tag: 'API keys',
    summary: 'One key',
    params,
    answers: { 200: one },
    problems: [404],
    async handle(input) {
      return ok(show(await reachable(input)))
    },
  }),
  operation({
    id: 'patchApiKey',
    method: 'PATCH',
    path: '/api/v1/api-keys/:id',
    tag: 'API keys',
    summary: 'Change a key',
    params,
    bodyType: 'merge-patch',
    body: v.strictObject({
      name: v.optional(Name),
      scopes: v.optional(Scopes),
      rateLimit: v.optional(RateLimit),
      expiresAt: v.optional(ExpiresAt),
    }),
    example: { scopes: ['events:read', 'deliveries:read'] },
    answers: { 200: one },
    problems: [404, 409, 412],
    async handle(input) {
      const { body, deps, request } = input
      const key = await reachable(input)
      await checkIfMatch(request, show(key))
      refuseGreed(input, body.rateLimit ?? null)
      refusePast(input, body.expiresAt ?? null)
      const { id, ownerId, revision } = key
      if (!changesAnything(key, body)) return ok(show(key))
      const changes = { ...body, updatedAt: deps.clock() }
      const changed = await updateKey(deps.env.DB, ownerId, id, changes, revision, auditOf(input, id))
      if (changed === 'conflict') throw changedMeanwhile(request)
      if (changed === 'missing') throw notFound(`API key ${id}`)
      return ok(show(changed))
    },
  }),
  operation({
    id: 'delApiKey',
    method: 'DELETE',
    path: '/api/v1/api-keys/:id',
    tag: 'API keys',
    summary: 'Revoke a key',
    description: 'The next request with it is refused.',
    params,
    answers: { 204: { description: 'It no longer holds.' } },
    problems: [404, 412],
    async handle(input) {
      const key = await reachable(input)
      await checkIfMatch(input.request, show(key))
      const { id, ownerId } = key
      const revision = revisionFor(input.request, key)
      if (!(await deleteKey(input.deps.env.DB, ownerId, id, auditOf(input, id), revision)))
        throw notRemoved(input.request, `API key ${id}`)
      return noContent
    },
  }),
]

async function reachable(input: Input<{ id: string }, unknown, unknown>): Promise<ApiKey> {
  const { id } = input.params
  const key = await findOwnKey(input.deps.env.DB, input.reach === 'all' ? null : userOf(input).id, id)
  if (!key) throw notFound(`API key ${id}`)
  return key
}

/** A key that never holds is a mistake. @throws Problem 400. */
function refusePast({ deps }: Input<unknown, unknown, unknown>, expiresAt: number | null): void {
  if (expiresAt !== null && expiresAt <= deps.clock())
    throw invalidParams(invalid('body', 'expiresAt', 'must be in the future', time(expiresAt)))
}

/** A limit of one's own is for asking less. @throws Problem 400 when it is for asking more than everybody may. */
function refuseGreed(input: Input<unknown, unknown, unknown>, rateLimit: number | null): void {
  const { requests } = input.deps.config.limits.api
  if (rateLimit === null || rateLimit <= requests || userOf(input).role === 'Administrator') return
  throw invalidParams(
    invalid('body', 'rateLimit', `must be at most ${requests}: only an administrator gives more`, rateLimit),
  )
}

/** Without the key: that is in the answer to POST, and never again. */
function show({
  id,
  ownerId,
  name,
  hint,
  scopes,
  rateLimit,
  expiresAt,
  lastUsedAt,
  createdAt,
  updatedAt,
}: ApiKey) {
  return {
    id,
    owner: ownerId,
    name,
    hint,
    scopes,
    rateLimit,
    expiresAt: time(expiresAt),
    lastUsedAt: time(lastUsedAt),
    createdAt: time(createdAt),
    updatedAt: time(updatedAt),
  }
}
