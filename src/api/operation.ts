/**
 * @module One operation of the API: all that the router, the reference and the tests need to know of it is said in one
 * object, beside the function that does it.
 */
import type * as v from 'valibot'
import type { Deps } from '../workers/deps.ts'
import type { InvalidParam } from './problem.ts'
import type { ProblemCode } from './problem-codes.ts'
import type { Caller, User } from './request/caller.ts'
import type { OperationId, Reach } from './rights.ts'

/** The groups of the reference, in its order, with what they are about. */
export const TAGS = {
  Service: 'What this Tubewire is, and whether it works.',
  Session:
    'Logging in, as PeerTube does it: OAuth 2.0 with a password (RFC 6749, 4.3); for pages in a browser, by a cookie. One session a user.',
  Register: 'Signing up, verifying a mail address, and a forgotten password.',
  Account: 'One’s own account.',
  Users: 'Everybody’s accounts, for moderators and administrators.',
  'API keys': 'Keys for programs: several at a time, each with its scopes.',
  Instances: 'The PeerTube servers that are watched.',
  Connections: 'Accounts on instances, and what is read as them: seen by their owner only.',
  Endpoints: 'URLs that are sent what happens.',
  Feeds: 'What happened, for feed readers.',
  Events: 'What happened, and where it was sent.',
  Consumers:
    'Cursors that are kept here, for programs that ask for events: none is missed, and none repeated.',
  Administration: 'Mails and the audit log.',
  Pictures: 'The pictures that events name.',
  Federation: 'Who polls: for the people who run instances.',
} as const
export type Tag = keyof typeof TAGS

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What a handler answers. */
export type Answer = {
  status: number
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is: JSON that was joined, or another type that `content-type` names. */
  text?: string
  headers?: Record<string, string>
}

/** How an answer is documented, and checked in tests. */
export type AnswerSpec = {
  description: string
  /** Of a body in JSON. */
  schema?: v.GenericSchema
  /** What the body is called; `application/json` when it has a schema and nothing else is said. */
  contentTypes?: readonly string[]
  /** Names with descriptions. */
  headers?: Readonly<Record<string, string>>
  /** Must match the schema: a test sees to it. */
  example?: unknown
}

/** What a handler is given: everything parsed, everybody known. */
export type Input<TParams, TQuery, TBody> = {
  params: TParams
  query: TQuery
  body: TBody
  caller: Caller
  reach: Reach
  deps: Deps
  request: Request
  /** Where this Tubewire is reached, e.g. `https://tubewire.example`. */
  origin: string
  requestId: string
  operation: OperationId
  /** Work that the answer doesn't wait for; what fails is logged. */
  inBackground: (work: Promise<unknown>) => void
  /**
   * The same, begun a moment after the answer: for work that there is for some callers and not for others. Their answers take as
   * long, whatever the work takes of the machine or of the database.
   */
  afterAnswer: (work: () => Promise<unknown>) => void
}

type OutputOf<TSchema> = TSchema extends v.GenericSchema ? v.InferOutput<TSchema> : undefined

type Common = {
  id: OperationId
  method: Method
  /** As the router takes it: `/api/v1/endpoints/:id`. */
  path: string
  tag: Tag
  /** A few words. */
  summary: string
  description?: string
  /** How the body comes; JSON unless it says otherwise. */
  bodyType?: 'form' | 'merge-patch'
  /** Whether it may be missing. */
  isBodyOptional?: true
  /** An example of the body. */
  example?: unknown
  /** A bucket of its own, besides that of the whole API; `none`: it is not counted at all. */
  limit?: 'token' | 'register' | 'verifyEmail' | 'none'
  /** Whether a page of another origin is refused, before it is counted in that bucket. Without an `Origin` it is a program. */
  isForOurPages?: true
  /** Whether a ticket in the query says who calls, where no header does. */
  takesTicket?: true
  /** False: an `Idempotency-Key` means nothing here, for its answer must not be kept. */
  isRepeatable?: false
  answers: Readonly<Record<number, AnswerSpec>>
  /** What errors of the operation's own may be besides problems: where a standard has it so. */
  errorType?: 'text/plain'
  /** What can go wrong beyond what is common to all: statuses and codes. */
  problems?: readonly (number | ProblemCode)[]
}

type Schemas<TParams, TQuery, TBody> = {
  params?: TParams
  query?: TQuery
  body?: TBody
  /** Instead of `body` where addresses on this machine are allowed: the same, but for what it says of URLs. */
  localBody?: TBody
}

/** An operation as the router has it. */
export type Operation = Common & {
  params?: v.GenericSchema
  query?: v.GenericSchema
  body?: v.GenericSchema
  localBody?: v.GenericSchema
  combine?: (input: { params: unknown; query: unknown; body: unknown }) => Record<string, InvalidParam> | null
  handle: (input: Input<unknown, unknown, unknown>) => Promise<Answer | Response>
}

type Schema = v.GenericSchema | undefined

/** Declares an operation; its handler is given what its schemas put out. */
export function operation<
  TParams extends Schema = undefined,
  TQuery extends Schema = undefined,
  TBody extends Schema = undefined,
>(
  declared: Common &
    Schemas<TParams, TQuery, TBody> & {
      /** What is right alone and wrong together: called when each parameter alone is right. */
      combine?: (input: {
        params: OutputOf<TParams>
        query: OutputOf<TQuery>
        body: OutputOf<TBody>
      }) => Record<string, InvalidParam> | null
      handle: (
        input: Input<OutputOf<TParams>, OutputOf<TQuery>, OutputOf<TBody>>,
      ) => Promise<Answer | Response>
    },
): Operation {
  // The router parses with these very schemas before it calls: what it passes is what they put out.
  return declared as unknown as Operation
}

/** The caller as a user: the rights table lets nobody else in where this is asked. */
export function userOf({ caller }: { caller: Caller }): User {
  if (caller.kind === 'anonymous') throw new Error('an operation without a caller asked who he is')
  return caller.user
}

/** Whether the operator's key calls: it is let in whatever became of the account that it acts as. */
export function isOperator({ caller }: { caller: Caller }): boolean {
  return caller.kind === 'user' && caller.via === 'admin-key'
}

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const noContent: Answer = { status: 204 }
/** @param location the path of what was made. */
export const created = (location: string, body: unknown): Answer => ({
  status: 201,
  body,
  headers: { location },
})
