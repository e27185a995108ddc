/** @module Whether those who listen still may: their sessions, keys and accounts, all of them in one statement. */
import { isLetIn } from './user-row.ts'

/** By what somebody may listen: a session or a key of an account, or the operator's key, by its digest. */
export type Credential =
  | { kind: 'session' | 'key'; id: string; userId: string }
  | { kind: 'operator'; digest: string }

/** Whether the row `s` of `sessions` goes on: with a token that is good, or one that gets another. @param now its parameter. */
export const sessionGoesOn = (now: string) => `max(s.access_expires_at, s.refresh_expires_at) > ${now}`

/** Whether the row `k` of `api_keys` has not expired. @param now its parameter. */
export const keyGoesOn = (now: string) => `(k.expires_at IS NULL OR k.expires_at > ${now})`

/**
 * Which of these still hold: the session has not ended nor made way for a newer one, the key was not revoked, has not expired and has
 * its scope, and the account is let in. The operator's is not asked of the database.
 * @param scope what a key needs.
 * @returns those that hold.
 */
export async function stillHeld<TCredential extends Credential>(
  db: D1Database,
  credentials: readonly TCredential[],
  scope: string,
  now: number,
): Promise<Set<TCredential>> {
  if (credentials.length === 0) return new Set()
  const { results } = await db
    .prepare(
      `SELECT j.key AS place FROM json_each(?1) j CROSS JOIN users u ON u.id = j.value ->> 'userId'
       WHERE ${isLetIn('u')} AND CASE j.value ->> 'kind'
         WHEN 'session' THEN EXISTS (
           SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.id = j.value ->> 'id' AND ${sessionGoesOn('?2')})
         WHEN 'key' THEN EXISTS (
           SELECT 1 FROM api_keys k WHERE k.id = j.value ->> 'id' AND k.owner_id = u.id AND ${keyGoesOn('?2')}
             AND EXISTS (SELECT 1 FROM json_each(k.scopes) WHERE value = ?3))
         ELSE 0 END`,
    )
    .bind(JSON.stringify(credentials), now, scope)
    .all<{ place: number }>()
  return new Set(
    results.flatMap(({ place }) => {
      const found = credentials[place]
      return found ? [found] : []
    }),
  )
}
