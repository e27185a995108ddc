/** @module What endpoints' webhooks are signed with: decrypted once, however many deliveries there are. */
import type { Endpoint } from '../db/endpoints.ts'
import { decryptSecret } from '../secrets.ts'
import { importSecret } from '../webhooks/signature.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'

export type Signer = { key: CryptoKey }

/** In the memory of this Worker only. By what is encrypted, so that a new secret is never taken for the old one. */
const signers = new Map<string, Signer>()
/** Endpoints whose signers are kept. */
const MAX_KEPT = 5_000

/** The signer of an endpoint, or why there is none. */
export async function signerOf(
  { config }: Pick<Deps, 'config'>,
  { id, secret }: Pick<Endpoint, 'id' | 'secret'>,
): Promise<Signer | { problem: string }> {
  const name = `${id} ${config.encryptionKeys[0]?.id} ${secret}`
  const kept = signers.get(name)
  if (kept) return kept
  try {
    const signer = { key: await importSecret(await decryptSecret(config.encryptionKeys, secret, id)) }
    if (signers.size >= MAX_KEPT) signers.clear()
    signers.set(name, signer)
    return signer
  } catch (error) {
    return { problem: `the signing secret can't be used: ${describeError(error)}` }
  }
}
