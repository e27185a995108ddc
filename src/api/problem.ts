/** @module Errors for callers: problem details (RFC 9457, which obsoletes RFC 7807), in the dialect of PeerTube. */
import type { ContentfulStatusCode } from 'hono/utils/http-status'

const TITLES: Partial<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** What is wrong with one parameter, as PeerTube says it: `param` is what 5.x calls `path`. */
export type InvalidParam = {
  location: 'body' | 'query'
  msg: string
  param: string
  path: string
  value?: unknown
}

/** The one error that handlers throw. `detail` is shown to the caller: it names the thing and the way out. */
export class Problem extends Error {
  readonly status: ContentfulStatusCode
  readonly type: string
  readonly invalidParams: Readonly<Record<string, InvalidParam>> | undefined
  readonly headers: Readonly<Record<string, string>>

  /**
   * @param code tells apart what a status alone doesn't: `type` ends in it.
   */
  constructor(
    status: ContentfulStatusCode,
    detail: string,
    more: {
      code?: string
      invalidParams?: Record<string, InvalidParam>
      headers?: Record<string, string>
    } = {},
  ) {
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.type = more.code ? `urn:tubewire:problem:${more.code}` : 'about:blank'
    this.invalidParams = more.invalidParams
    this.headers = more.headers ?? {}
  }

  /** @param instance the path of the request. */
  toResponse(instance: string): Response {
    const code = this.type === 'about:blank' ? undefined : this.type.split(':').at(-1)
    const body = {
      type: this.type,
      title: TITLES[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      instance,
      ...(this.invalidParams ? { 'invalid-params': this.invalidParams } : {}),
      // PeerTube's deprecated twins of `detail` and `type`.
      error: this.message,
      ...(code ? { code } : {}),
    }
    return new Response(JSON.stringify(body), {
      status: this.status,
      headers: { ...this.headers, 'content-type': 'application/problem+json; charset=utf-8' },
    })
  }
}
