/** @module What an endpoint's requests are signed with, and its own headers: decrypted once, however many requests there are. */
import * as v from 'valibot'
import type { Endpoint } from '../db/endpoints.ts'
import { decryptSecret } from '../secrets.ts'
import { hubSignatureHeaders, readHubSecret } from '../webhooks/hub-signature.ts'
import { readSecretSet, usableSecrets } from '../webhooks/secret-set.ts'
import type { Body } from '../webhooks/send.ts'
import { makeSigner, signatureHeaders } from '../webhooks/signature.ts'
import type { Deps } from './deps.ts'
import { describeError } from './log.ts'
import { webhookPrivateKey } from './service-key.ts'

export type EndpointSecrets = {
  /** The headers that say who sent a body. @param id the `webhook-id`. @param now milliseconds since the epoch. */
  sign: (id: string, body: Body, now: number) => Promise<Record<string, string>>
  /** The owner's own, by their names in lower case. */
  headers: Readonly<Record<string, string>>
}

type Kept = EndpointSecrets & {
  /** When one of the secrets ends, or it is time to look again. */
  until: number
}

/** In the memory of this Worker only. By what is encrypted, so that a new secret is never taken for the old one. */
const kept = new Map<string, Kept>()
const MAX_KEPT = 20_000
/** A key pair that the operator has changed is used within this time. */
const KEPT_MS = 5 * 60_000

const Headers = v.record(v.string(), v.string())

/** The secrets of an endpoint, or why they can't be used. Never throws. */
export async function secretsOf(
  deps: Pick<Deps, 'config' | 'clock' | 'env'>,
  endpoint: Endpoint,
): Promise<EndpointSecrets | { problem: string }> {
  const { id, secret, headers, signsAsymmetric } = endpoint
  const ring = deps.config.encryptionKeys
  const now = deps.clock()
  const name = [id, secret, headers, signsAsymmetric, ring.map((key) => key.id).join()].join(' ')
  const known = kept.get(name)
  if (known && now < known.until && known.until <= now + KEPT_MS) return known
  try {
    if (endpoint.kind === 'websub') {
      // Given before there was an endpoint.
      const hubSecret = readHubSecret(await decryptSecret(ring, secret, endpoint.url))
      const sign = async (_id: string, body: Body) => hubSignatureHeaders(hubSecret, body)
      return keep(name, { sign, headers: {}, until: now + KEPT_MS })
    }
    const set = readSecretSet(await decryptSecret(ring, secret, id))
    const ed25519 = signsAsymmetric ? await webhookPrivateKey(deps) : null
    const ends = set.previous.map(({ expiresAt }) => expiresAt).filter((at) => at > now)
    const signer = makeSigner(usableSecrets(set, now), ed25519)
    return keep(name, {
      sign: (webhookId, body, at) => signatureHeaders(signer, webhookId, textOf(body), at),
      headers: headers === null ? {} : await readHeaders(deps, headers, id),
      until: Math.min(now + KEPT_MS, ...ends),
    })
  } catch (error) {
    return { problem: `the signing secret can't be used: ${describeError(error)}` }
  }
}

function textOf(body: Body): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

function keep(name: string, found: Kept): Kept {
  if (kept.size >= MAX_KEPT) kept.clear()
  kept.set(name, found)
  return found
}

/** The owner's own headers of an endpoint. @param owner of what is encrypted: the endpoint's id. */
async function readHeaders(
  { config }: Pick<Deps, 'config'>,
  encrypted: string,
  owner: string,
): Promise<Record<string, string>> {
  return v.parse(Headers, JSON.parse(await decryptSecret(config.encryptionKeys, encrypted, owner)))
}
