/** @module The public keys that the Ed25519 signatures of webhooks are verified with. */
import * as v from 'valibot'
import { publicKeyForms } from '../webhooks/public-key.ts'
import { webhookPublicKeys } from '../workers/service-key.ts'
import { Time } from './fields.ts'
import { operation } from './operation.ts'
import { time } from './time.ts'

/** A JWK of RFC 8037, 2, with two members that its readers ignore (RFC 7517, 4). */
const ShownKey = v.strictObject({
  kid: v.pipe(v.string(), v.description('The thumbprint of the key (RFC 7638).')),
  kty: v.literal('OKP'),
  crv: v.literal('Ed25519'),
  x: v.pipe(v.string(), v.description('The 32 bytes of the key as base64url.')),
  alg: v.literal('EdDSA'),
  use: v.literal('sig'),
  whpk: v.pipe(v.string(), v.description('The key as Standard Webhooks writes it.')),
  createdAt: Time,
})

// The key of RFC 8037, appendix A.
const exampleKey = {
  kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  alg: 'EdDSA',
  use: 'sig',
  whpk: 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  createdAt: '2026-11-25T10:00:00.000Z',
}

/**
 * A receiver that meets a new key, and asks here once a minute, finds it before the third attempt: that is made four minutes after
 * the first at the earliest.
 */
const CACHED_FOR_SECONDS = 60

export const webhookKeyOperations = [
  operation({
    id: 'getWebhookKeys',
    method: 'GET',
    path: '/.well-known/webhook-keys.json',
    tag: 'Endpoints',
    summary: 'The public keys of webhooks',
    description:
      'What signatures that begin with `v1a,` are verified with: a JWK Set (RFC 7517). The first key signs; those after it did before, and are shown until the operator takes them away.',
    answers: {
      200: {
        description: 'The keys.',
        schema: v.strictObject({ keys: v.array(ShownKey) }),
        example: { keys: [exampleKey] },
      },
    },
    async handle({ deps }) {
      const keys = (await webhookPublicKeys(deps)).map(async ({ spki, createdAt }) => {
        const { kid, x, whpk } = await publicKeyForms(spki)
        return {
          kid,
          kty: 'OKP',
          crv: 'Ed25519',
          x,
          alg: 'EdDSA',
          use: 'sig',
          whpk,
          createdAt: time(createdAt),
        }
      })
      return {
        status: 200,
        body: { keys: await Promise.all(keys) },
        headers: { 'cache-control': `public, max-age=${CACHED_FOR_SECONDS}` },
      }
    },
  }),
]
