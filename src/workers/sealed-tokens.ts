/** @module The tokens of a connection as they are stored: encrypted, and bound to the connection's id. */
import * as v from 'valibot'
import type { Client, Tokens } from '../peertube/login.ts'
import { decryptSecret, encryptSecret, type KeyRing } from '../secrets.ts'
import { describeError } from './log.ts'

const Sealed = v.object({
  /** Where they were given: they are shown to nobody else, whatever redirects say. */
  origin: v.string(),
  clientId: v.string(),
  clientSecret: v.string(),
  accessToken: v.string(),
  refreshToken: v.string(),
  /** When to change them for new ones, milliseconds since the epoch. */
  renewAt: v.number(),
})
export type ConnectionTokens = v.InferOutput<typeof Sealed>

/** So long before its end an access token is changed for a new one: a failed refresh is tried again until then. */
const MARGIN_MS = 3_600_000

/**
 * Encrypts the tokens of a login or refresh under the newest key.
 * @param id of the connection. `origin`: where they were given.
 */
export async function sealTokens(
  ring: KeyRing,
  id: string,
  { clientId, clientSecret, origin }: Client & { origin: string },
  { accessToken, refreshToken, accessExpiresAt }: Tokens,
  now: number,
): Promise<{ tokens: string; expiresAt: number }> {
  // Where administrators let tokens end sooner, an hour before that would be at every poll.
  const margin = Math.min(MARGIN_MS, (accessExpiresAt - now) / 2)
  const sealed: ConnectionTokens = {
    origin,
    clientId,
    clientSecret,
    accessToken,
    refreshToken,
    renewAt: accessExpiresAt - margin,
  }
  return { tokens: await encryptSecret(ring, JSON.stringify(sealed), id), expiresAt: accessExpiresAt }
}

/** Decrypts what `sealTokens` made. @returns the tokens, or in words why they can't be read: their key has left the ring. */
export async function openTokens(
  ring: KeyRing,
  id: string,
  sealed: string,
): Promise<ConnectionTokens | string> {
  try {
    return v.parse(Sealed, JSON.parse(await decryptSecret(ring, sealed, id)))
  } catch (error) {
    return describeError(error)
  }
}
