/** @module /api/v1/session/links: links that sign the operator in, once: whoever has his key and a browser, and no password. */
import * as v from 'valibot'
import { insertSignInLink } from '../db/sign-in-links.ts'
import { digest, newToken } from '../tokens.ts'
import { auditOf } from './audit-entry.ts'
import { Time } from './fields.ts'
import { operation, userOf } from './operation.ts'
import { shutOut } from './problem.ts'
import { time } from './time.ts'

const LINK_MS = 3_600_000

export const signInLinkOperations = [
  operation({
    id: 'addSignInLink',
    method: 'POST',
    path: '/api/v1/session/links',
    tag: 'Session',
    summary: 'Make a link that signs the operator in',
    description:
      'Once, within an hour, in whatever browser opens it, as `root`. It takes the operator’s key: a session could make itself a link that outlives it. The code is in the fragment, which browsers send to nobody; `addSession` takes it. A new password voids it.',
    // Kept for a repetition it would be kept as it is.
    isRepeatable: false,
    answers: {
      201: {
        description: 'The link. It is shown this once.',
        schema: v.strictObject({ url: v.string(), expiresAt: Time }),
        example: {
          url: 'https://tubewire.example/#/link/3f2a9c0e5b7d41886c1f0a9e2d4b6c8f7a5e3d10',
          expiresAt: '2026-11-25T11:00:00.000Z',
        },
      },
    },
    problems: ['owner_shut_out'],
    async handle(input) {
      const { deps, origin } = input
      const { id } = userOf(input)
      const code = newToken()
      const expiresAt = deps.clock() + LINK_MS
      const link = { hash: await digest(code), userId: id, expiresAt }
      // The operator's key acts for an account that may be blocked, and then can't be signed in to.
      if (!(await insertSignInLink(deps.env.DB, link, auditOf(input, id)))) throw shutOut(id)
      return {
        status: 201,
        body: { url: `${origin}/#/link/${code}`, expiresAt: time(expiresAt) },
        headers: { 'cache-control': 'no-store' },
      }
    },
  }),
]
