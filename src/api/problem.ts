/** @module Errors for callers: problem details (RFC 9457, which obsoletes RFC 7807), in the dialect of PeerTube. */
import { type ProblemCode, statusOf } from './problem-codes.ts'

/** What a status means, as RFC 9110, 15 names it. */
const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** Where a parameter came from, in the words of the contract. */
export type Location = 'params' | 'body' | 'header' | 'query' | 'cookies'

/** What is wrong with one parameter, as PeerTube says it: `param` is what 5.x calls `path`. */
export type InvalidParam = {
  location: Location
  msg: string
  param: string
  path: string
  value?: unknown
}

/** Where a problem happened: what its URLs are made of. */
export type ProblemPlace = {
  /** The path of the request. */
  instance: string
  /** Where the reference is, e.g. `https://tubewire.example`. */
  origin: string
  /** The operation that was called; none when there is no such one. */
  operation?: string | undefined
}

type More = {
  invalidParams?: Readonly<Record<string, InvalidParam>>
  headers?: Readonly<Record<string, string>>
}

/** The one error that handlers throw. `detail` is shown to the caller: it names the thing and the way out. */
export class Problem extends Error {
  readonly status: number
  readonly code: ProblemCode | null
  readonly invalidParams: Readonly<Record<string, InvalidParam>> | undefined
  readonly headers: Readonly<Record<string, string>>

  /** @param what a status that says it all, or a code of `PROBLEM_CODES`, which tells apart what a status alone doesn't. */
  constructor(what: number | ProblemCode, detail: string, more: More = {}) {
    super(detail)
    this.name = 'Problem'
    this.status = typeof what === 'number' ? what : statusOf(what)
    this.code = typeof what === 'number' ? null : what
    this.invalidParams = more.invalidParams
    this.headers = more.headers ?? {}
  }

  /** The answer. Its `docs` and `type` are anchors of the reference page: src/api/openapi/reference.ts. */
  toResponse({ instance, origin, operation }: ProblemPlace): Response {
    const reference = `${origin}/api/docs`
    const body = {
      type: this.code === null ? 'about:blank' : `${reference}#section/Errors/${this.code}`,
      title: TITLES[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      instance,
      docs: `${reference}#${operation ? `operation/${operation}` : 'section/Errors'}`,
      ...(this.invalidParams ? { 'invalid-params': this.invalidParams } : {}),
      // PeerTube's deprecated twins of `detail` and `type`.
      error: this.message,
      ...(this.code === null ? {} : { code: this.code }),
    }
    return new Response(JSON.stringify(body), {
      status: this.status,
      headers: { ...this.headers, 'content-type': 'application/problem+json; charset=utf-8' },
    })
  }
}

/** A problem with parameters: all of them named. */
export function invalidParams(found: Readonly<Record<string, InvalidParam>>): Problem {
  const names = Object.keys(found).join(', ')
  return new Problem(400, `Incorrect request parameters: ${names}`, { invalidParams: found })
}

/** Somebody has as many as he may. @param what e.g. `endpoints`. */
export function full(what: string, most: number): Problem {
  return new Problem('too_many', `You may have ${most} ${what}: remove one that is not needed`)
}

/** Somebody is not let in: blocked, waiting or gone. */
export function shutOut(ownerId: string): Problem {
  return new Problem(
    'owner_shut_out',
    `The account ${ownerId} is blocked, waits to be let in, or is gone: nothing is made for it, or sent, until it is let in`,
  )
}

/** What is not there, or is somebody else's: the two look alike. @param what e.g. `endpoint ep_1`. */
export function notFound(what: string): Problem {
  return new Problem(404, `There is no ${what}`)
}
