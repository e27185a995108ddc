/** @module One request on its way through the router. */

import { withoutSecrets } from '../../tokens.ts'
import type { Deps } from '../../workers/deps.ts'
import { describeError } from '../../workers/log.ts'
import type { Operation } from '../operation.ts'

export type Passage = {
  deps: Deps
  request: Request
  path: string
  origin: string
  requestId: string
  operation?: Operation
  inBackground: (work: Promise<unknown>) => void
  afterAnswer: (work: () => Promise<unknown>) => void
  /** What the answer carries besides: the state of the caller's limit. */
  headers: Record<string, string>
}

/** Long enough for the answer to have left, and never the same, so that what waits behind the work tells nothing either. */
const AFTER_ANSWER_MS = { least: 200, most: 1_000 }

/** A request at the beginning of its way. @param operation what it calls; none when there is no such one. */
export function startPassage(
  request: Request,
  deps: Deps,
  waitUntil: (promise: Promise<unknown>) => void,
  operation: Operation | undefined,
): Passage {
  const url = new URL(request.url)
  const requestId = requestIdOf(request)
  const inBackground = (work: Promise<unknown>) => {
    const logged = work.catch((error: unknown) =>
      deps.log({
        log: 'error',
        where: `after ${request.method} ${withoutSecrets(url.pathname)}`,
        error: describeError(error),
        id: requestId,
      }),
    )
    waitUntil(logged)
  }
  return {
    deps,
    request,
    path: url.pathname,
    origin: deps.config.publicUrl ?? url.origin,
    requestId,
    ...(operation ? { operation } : {}),
    inBackground,
    afterAnswer(work) {
      const { least, most } = AFTER_ANSWER_MS
      inBackground(deps.pause(least + deps.random() * (most - least)).then(work))
    },
    headers: {},
  }
}

/** The caller's id for a request, if it is one, and otherwise ours: it is in the log, in the audit log, and in the answer. */
export function requestIdOf(request: Request): string {
  const sent = request.headers.get('x-request-id') ?? ''
  // One that looks like ours could be taken for another request's.
  return /^(?!req_)[\w.-]{8,64}$/.test(sent) ? sent : `req_${crypto.randomUUID().replaceAll('-', '')}`
}
