/** @module Whether one may register here. */
import { api, call } from '../../api.ts'
import { type Loaded, useLoaded } from '../../use-loaded.ts'

export type Signup = { allowed: boolean; requiresApproval: boolean }

export function useSignup(): Loaded<Signup> {
  return useLoaded<Signup>('signup', async () => {
    const result = await call(api.GET('/api/v1/config'))
    return result.ok ? { ok: true, data: result.data.signup } : result
  })
}
