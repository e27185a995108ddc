/** @module Signing in, and whether the browser goes along with it. */
import { api, call, type Failure, type Result } from '../../api.ts'
import type { User } from '../../session.ts'

type Proof = { username: string; password: string } | { code: string }

/** Of a browser that did not keep the cookie: for the server all went well. */
export const COOKIE_REFUSED = 'cookie_refused'

/**
 * Signs in. A cookie that was refused shows in that nobody is signed in afterwards: a browser tells a script nothing of it.
 * @returns who is signed in; or why not, with `COOKIE_REFUSED` besides the API's codes.
 */
export async function signInWith(proof: Proof): Promise<Result<User>> {
  const signedIn = await call(api.POST('/api/v1/session', { body: proof }))
  if (!signedIn.ok) return signedIn
  const asked = await call(api.GET('/api/v1/session'))
  if (!asked.ok) return asked
  const { user } = asked.data
  return user ? { ok: true, data: user } : { ok: false, failure: cookieRefused }
}

const cookieRefused: Failure = {
  status: 0,
  code: COOKIE_REFUSED,
  detail: '',
  params: {},
  requestId: null,
}
