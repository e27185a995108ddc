/** @module How a hub signs what it sends: W3C WebSub, 7.1 "Authenticated Content Distribution". */
import { createHmac } from 'node:crypto'
import * as v from 'valibot'
import type { Body } from './send.ts'

/** "Recognized algorithm names" (7.1.1), by our names of them. */
export const HUB_ALGORITHMS = ['sha1', 'sha256', 'sha384', 'sha512'] as const
type HubAlgorithm = (typeof HUB_ALGORITHMS)[number]

/** What a subscriber gave to know us by: null, and what he is sent is not signed. */
export type HubSecret = { secret: string | null; algorithm: HubAlgorithm }

const Stored = v.strictObject({ secret: v.nullable(v.string()), algorithm: v.picklist(HUB_ALGORITHMS) })

/** A secret as it is encrypted. */
export function writeHubSecret({ secret, algorithm }: HubSecret): string {
  return JSON.stringify({ secret, algorithm })
}

/** @throws when it was not written by `writeHubSecret`. The message does not hold the secret. */
export function readHubSecret(text: string): HubSecret {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Stored), text)
  if (!parsed.success) throw new Error('the secret of a subscriber is not as it was written')
  return parsed.output
}

/** The headers of a body: "method=signature", an HMAC of the body in hexadecimal; none without a secret. */
export function hubSignatureHeaders({ secret, algorithm }: HubSecret, body: Body): Record<string, string> {
  if (secret === null) return {}
  return { 'x-hub-signature': `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}` }
}
